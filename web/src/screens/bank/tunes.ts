/** Milliseconds on and off, as the controller's buzzer plays them. */
const beats: Record<string, [on: number, off: number][]> = {
  Click: [[10, 0]],
  Yes: [[60, 60], [120, 0]],
  No: [[300, 0]],
  Attention: [[150, 100], [150, 100], [150, 0]],
};

let audio: AudioContext | null = null;

/** Plays one of the terminal's tunes. Browsers allow it after the first touch, which switching the sound on is. */
export function play(tune: string): void {
  audio ??= new AudioContext();
  let at = audio.currentTime + 0.01;
  for (const [on, off] of beats[tune] ?? []) {
    const tone = audio.createOscillator();
    const loud = audio.createGain();
    tone.frequency.value = tune === 'No' ? 900 : 2400;
    loud.gain.value = 0.05;
    tone.connect(loud).connect(audio.destination);
    tone.start(at);
    tone.stop(at + on / 1000);
    at += (on + off) / 1000;
  }
}
