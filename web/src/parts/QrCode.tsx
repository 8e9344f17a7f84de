import { useEffect, useRef } from 'react';
import { encode } from 'uqr';

/** A code, black on white also at night: a scanner needs the contrast and the quiet border of four modules. */
export function QrCode({ text, name }: { text: string; name: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const shown = canvas.current;
    const pen = shown?.getContext('2d');
    if (!shown || !pen) return;
    const { size, data } = encode(text, { ecc: 'M', border: 4 });
    const module = 8;
    shown.width = size * module;
    shown.height = size * module;
    pen.fillStyle = '#fff';
    pen.fillRect(0, 0, shown.width, shown.height);
    pen.fillStyle = '#000';
    data.forEach((row, y) => row.forEach((dark, x) => { if (dark) pen.fillRect(x * module, y * module, module, module); }));
  }, [text]);
  return <canvas ref={canvas} className="qr" role="img" aria-label={name} />;
}
