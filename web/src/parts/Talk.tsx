import { CircleCheck, CircleX, Hourglass, Info, Loader, type LucideIcon, TriangleAlert } from 'lucide-react';
import './Talk.css';

export interface Said { mood: 'calm' | 'busy' | 'good' | 'warn' | 'over' | 'waiting'; title: string; text: string }

const usual = { calm: Info, busy: Loader, good: CircleCheck, warn: TriangleAlert, over: CircleX, waiting: Hourglass };

/** What is so now, in a sentence and one more; a screen reader hears when it changes. */
export function Talk({ said: { mood, title, text }, icons = {} }: { said: Said; icons?: Partial<Record<Said['mood'], LucideIcon>> }) {
  const Icon = icons[mood] ?? usual[mood];
  return (
    <div className="talk" data-mood={mood} role="status" aria-live="polite" aria-atomic="true">
      <Icon size={24} aria-hidden="true" />
      <div><p className="talk-title">{title}</p><p>{text}</p></div>
    </div>
  );
}
