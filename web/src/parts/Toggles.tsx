import type { ReactNode } from 'react';
import './Chips.css';

interface Toggle { name: string; on: boolean; text: ReactNode; onPress: () => void }

/** A few wishes in a row, each by itself. They look like chips, and say by a mark that several can be on. */
export function Toggles({ label, toggles }: { label: string; toggles: Toggle[] }) {
  return (
    <div className="chips" role="group" aria-label={label}>
      {toggles.map((toggle) => (
        <button key={toggle.name} type="button" className="chip" aria-pressed={toggle.on} onClick={toggle.onPress}>{toggle.text}</button>
      ))}
    </div>
  );
}
