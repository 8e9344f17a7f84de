import { useEffect, useRef, useState } from 'react';
import { Camera, ImageUp, ScanLine, Square } from 'lucide-react';
import { Button } from '../../parts/Button';
import { Field } from '../../parts/Field';
import { t } from '../../text/t';
import { passChannel } from '../lease/pass/channels';
import { readCode } from './readCode';

interface CodeScannerProps { busy: string | null; onCode: (text: string) => void }

/** Shows a code to the scanner: from a picture, through the camera, from another tab that shows a pass, or as text. */
export function CodeScanner({ busy, onCode }: CodeScannerProps) {
  const [text, setText] = useState('');
  const [shown, setShown] = useState<string | null>(null);
  const [filming, setFilming] = useState(false);
  const [trouble, setTrouble] = useState<string | null>(null);
  const file = useRef<HTMLInputElement>(null);

  useEffect(() => {
    const channel = new BroadcastChannel(passChannel);
    channel.onmessage = ({ data }) => setShown(typeof data === 'string' && data.length <= 512 ? data : null);
    // Whoever shows a pass already says it again.
    channel.postMessage({ ask: true });
    return () => channel.close();
  }, []);

  const picture = async (chosen: File): Promise<void> => {
    setTrouble(null);
    try {
      const image = await createImageBitmap(chosen);
      const found = await readCode(image, image.width, image.height);
      if (found === null) setTrouble(t('demo.codeNone'));
      else onCode(found);
    } catch {
      setTrouble(t('demo.codeNoPicture'));
    }
  };

  return (
    <div className="reader">
      <Button wide look={shown === null ? 'plain' : 'primary'} disabled={shown === null} busy={busy === 'scan'} icon={<ScanLine size={18} aria-hidden="true" />} onClick={() => { if (shown !== null) onCode(shown); }}>
        {shown === null ? t('demo.codeNoTab') : t('demo.codeFromTab')}
      </Button>
      <input ref={file} type="file" accept="image/*" className="hidden" tabIndex={-1} aria-label={t('demo.codeFile')}
        onChange={(event) => {
          const chosen = event.target.files?.[0];
          if (chosen !== undefined) void picture(chosen);
          event.target.value = '';
        }} />
      <Button wide icon={<ImageUp size={18} aria-hidden="true" />} onClick={() => file.current?.click()}>{t('demo.codeFile')}</Button>
      {filming
        ? <Film onCode={(found) => { setFilming(false); onCode(found); }} onEnd={(why) => { setFilming(false); setTrouble(why); }} />
        : <Button wide icon={<Camera size={18} aria-hidden="true" />} onClick={() => { setTrouble(null); setFilming(true); }}>{t('demo.codeCamera')}</Button>}
      <form className="reader-own" onSubmit={(event) => { event.preventDefault(); if (text.trim() !== '') onCode(text.trim()); }}>
        <Field label={t('demo.codeText')} value={text} onChange={(event) => setText(event.target.value)} maxLength={2953} spellCheck={false} autoComplete="off" />
        <Button type="submit">{t('demo.codeShow')}</Button>
      </form>
      {trouble !== null && <p role="alert" className="reader-trouble">{trouble}</p>}
    </div>
  );
}

/** The camera, looked through a few times a second until it sees a code. */
function Film({ onCode, onEnd }: { onCode: (text: string) => void; onEnd: (why: string | null) => void }) {
  const video = useRef<HTMLVideoElement>(null);
  const told = useRef({ onCode, onEnd });
  told.current = { onCode, onEnd };
  useEffect(() => {
    let stream: MediaStream | null = null;
    let gone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      const film = video.current;
      const found = film !== null && film.videoWidth > 0 ? await readCode(film, film.videoWidth, film.videoHeight) : null;
      if (gone) return;
      if (found !== null) told.current.onCode(found);
      else timer = setTimeout(() => void look(), 200);
    };
    (navigator.mediaDevices?.getUserMedia({ video: { facingMode: 'environment' } }) ?? Promise.reject(new Error('no camera')))
      .then(async (opened) => {
        if (gone) {
          opened.getTracks().forEach((track) => track.stop());
          return;
        }
        stream = opened;
        if (video.current !== null) {
          video.current.srcObject = opened;
          await video.current.play();
        }
        await look();
      })
      .catch(() => { if (!gone) told.current.onEnd(t('demo.codeNoCamera')); });
    return () => {
      gone = true;
      clearTimeout(timer);
      stream?.getTracks().forEach((track) => track.stop());
    };
  }, []);
  return (
    <div className="film">
      <video ref={video} muted playsInline aria-label={t('demo.codeCamera')} />
      <Button wide icon={<Square size={18} aria-hidden="true" />} onClick={() => onEnd(null)}>{t('demo.codeStop')}</Button>
    </div>
  );
}
