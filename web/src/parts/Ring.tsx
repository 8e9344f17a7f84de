import type { ReactNode } from 'react';
import './Ring.css';

const radius = 54;
const length = 2 * Math.PI * radius;

/** Time running down: full at first, empty at the end. The time itself stands in the middle, in figures. */
export function Ring({ part, low, children }: { part: number; low: boolean; children: ReactNode }) {
  return (
    <div className={`ring ${low ? 'low' : ''}`}>
      <svg viewBox="0 0 120 120" aria-hidden="true">
        <circle cx="60" cy="60" r={radius} className="ring-track" />
        <circle cx="60" cy="60" r={radius} className="ring-left" strokeDasharray={length} strokeDashoffset={length * (1 - Math.min(1, Math.max(0, part)))} />
      </svg>
      <div className="ring-text num">{children}</div>
    </div>
  );
}
