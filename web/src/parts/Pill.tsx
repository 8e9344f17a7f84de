import type { ReactNode } from 'react';
import './Pill.css';

export type Tone = 'free' | 'yours' | 'busy' | 'warn' | 'fault';

/** A state: always an icon, a word and a colour together. */
export function Pill({ tone, icon, children }: { tone: Tone; icon: ReactNode; children: ReactNode }) {
  return (
    <span className={`pill tone-${tone}`}>
      {icon}
      <span>{children}</span>
    </span>
  );
}
