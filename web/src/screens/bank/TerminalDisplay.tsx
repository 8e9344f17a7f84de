import { useEffect, useRef } from 'react';
import type { CabinetTerminal } from '../../api/types';
import { t } from '../../text/t';
import './TerminalDisplay.css';

/** Of the panel itself, so the same in light and dark: unlit, text, good, attention, fault. */
const coloured = ['#05070a', '#e8f4ff', '#3ddc84', '#ffb627', '#ff5a52'];
const mono = ['#05070a', '#bfe9ff', '#bfe9ff', '#bfe9ff', '#bfe9ff'];

/** The controller's own frame buffer, pixel by pixel: each is a whole number of the screen's, so that all are alike. */
export function TerminalDisplay({ terminal }: { terminal: CabinetTerminal }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height, pixels } = terminal;
  const scale = terminal.coloured ? 3 : 2;
  useEffect(() => {
    const pen = canvas.current?.getContext('2d');
    if (!pen) return;
    const inks = terminal.coloured ? coloured : mono;
    pen.fillStyle = inks[0] as string;
    pen.fillRect(0, 0, width * scale, height * scale);
    for (let i = 0; i < pixels.length; i++) {
      const ink = pixels.charCodeAt(i) - 48;
      if (ink === 0) continue;
      pen.fillStyle = inks[ink] ?? (inks[1] as string);
      pen.fillRect((i % width) * scale, Math.floor(i / width) * scale, scale, scale);
    }
  }, [width, height, pixels, scale, terminal.coloured]);
  return (
    <div className="oled">
      <canvas ref={canvas} width={width * scale} height={height * scale} role="img" aria-label={t('demo.display')} />
      <p className="hidden" role="status" aria-live="polite" data-words>{terminal.lamp === 'Off' ? t('demo.dark') : terminal.words}</p>
      <span className="oled-lamp" data-lamp={terminal.lamp} aria-hidden="true" />
    </div>
  );
}
