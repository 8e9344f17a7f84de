import type { ReactNode } from 'react';
import './Chips.css';

interface Chip<T> { value: T; text: ReactNode }
interface ChipsProps<T> { label: string; chips: Chip<T>[]; value: T; onChoose: (value: T) => void }

/** A few exclusive choices in a row. */
export function Chips<T extends string | number | null>({ label, chips, value, onChoose }: ChipsProps<T>) {
  return (
    <div className="chips" role="group" aria-label={label}>
      {chips.map((chip) => (
        <button key={String(chip.value)} type="button" className="chip" aria-pressed={chip.value === value} onClick={() => onChoose(chip.value)}>
          {chip.text}
        </button>
      ))}
    </div>
  );
}
