/**
 * The server's clock, as near as its answers let us know it. Countdowns run by it, because a phone's clock may be
 * minutes off and a hold is not.
 */
let offset = 0;

export function learnServerTime(now: string | null): void {
  const at = now === null ? NaN : Date.parse(now);
  if (Number.isNaN(at)) return;
  const seen = at - Date.now();
  // HTTP dates are cut to whole seconds and answers travel: only a real difference is worth a jump on the screen.
  if (Math.abs(seen - offset) > 1500) offset = seen;
}

export function serverNow(): number {
  return Date.now() + offset;
}
