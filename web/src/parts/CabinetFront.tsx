import { useRef, useState, type CSSProperties, type KeyboardEvent } from 'react';
import type { Place } from '../api/types';
import { Door, type DoorProps } from './Door';
import './CabinetFront.css';

export interface FrontDoor extends Place, Pick<DoorProps, 'look' | 'open' | 'selected' | 'icon' | 'word'> {
  id: string;
  /** What a screen reader says for this door. */
  name: string;
  disabled?: boolean;
}

interface CabinetFrontProps { name: string; columns: number; doors: FrontDoor[]; onDoor?: ((id: string) => void) | undefined }

const steps: Record<string, [column: number, row: number]> = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1],
};

/** One cabinet seen from the front. One stop for the Tab key; the arrow keys go from door to door. */
export function CabinetFront({ name, columns, doors, onDoor }: CabinetFrontProps) {
  const [at, setAt] = useState<string | null>(null);
  const front = useRef<HTMLDivElement>(null);
  const current = doors.find((door) => door.id === at) ?? doors.find((door) => door.selected) ?? doors[0];
  const rows = Math.max(1, ...doors.map((door) => door.row + door.rowSpan));

  const step = (event: KeyboardEvent): void => {
    const direction = steps[event.key];
    if (direction === undefined || current === undefined) return;
    event.preventDefault();
    const next = nearest(doors, current, direction);
    if (next === undefined) return;
    setAt(next.id);
    front.current?.querySelector<HTMLElement>(`[data-door="${CSS.escape(next.id)}"]`)?.focus();
  };

  return (
    <div className="cabinet-scroll">
      <div ref={front} className="cabinet" role="group" aria-label={name} style={{ '--columns': columns, '--rows': rows } as CSSProperties} onKeyDown={step}>
        {doors.map(({ id, name: spoken, column, row, rowSpan, disabled = false, ...door }) => {
          const style = { gridColumn: column + 1, gridRow: `${row + 1} / span ${rowSpan}` };
          return onDoor === undefined
            ? <div key={id} className="cabinet-door" style={style} role="img" aria-label={spoken}><Door {...door} /></div>
            : (
              <button
                key={id} type="button" className="cabinet-door" style={style} data-door={id} aria-label={spoken}
                aria-pressed={door.selected ?? false} aria-disabled={disabled || undefined} tabIndex={id === current?.id ? 0 : -1}
                onFocus={() => setAt(id)} onClick={() => { if (!disabled) onDoor(id); }}
              >
                <Door {...door} />
              </button>
            );
        })}
      </div>
    </div>
  );
}

/** The closest door in a direction: straight ahead counts most, sideways offset counts against. */
function nearest(doors: FrontDoor[], from: FrontDoor, [dx, dy]: [number, number]): FrontDoor | undefined {
  const middle = (door: FrontDoor): [number, number] => [door.column, door.row + door.rowSpan / 2];
  const [x, y] = middle(from);
  const cost = (door: FrontDoor): number => {
    const [a, b] = middle(door);
    const ahead = (a - x) * dx + (b - y) * dy;
    const aside = Math.abs((a - x) * dy) + Math.abs((b - y) * dx);
    return ahead <= 0 ? Infinity : ahead + aside * 3;
  };
  const best = doors.filter((door) => door !== from).sort((a, b) => cost(a) - cost(b))[0];
  return best !== undefined && cost(best) < Infinity ? best : undefined;
}
