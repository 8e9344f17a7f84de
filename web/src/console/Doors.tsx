import { memo, useRef, useState, type KeyboardEvent } from 'react';
import type { FloorLocker } from '../api/console';
import { Door } from '../parts/Door';
import { t } from '../text/t';
import { seen, spoken } from './doorState';

interface DoorsProps { name: string; lockers: FloorLocker[]; chosen: string | null; onChoose: (lockerId: string) => void }

/** A bank's doors in the order of their labels. One stop for the Tab key; the arrow keys go from door to door. */
export function Doors({ name, lockers, chosen, onChoose }: DoorsProps) {
  const [at, setAt] = useState<string | null>(null);
  const grid = useRef<HTMLDivElement>(null);
  const current = lockers.find((each) => each.id === at) ?? lockers.find((each) => each.id === chosen) ?? lockers[0];
  const step = (event: KeyboardEvent): void => {
    const doors = [...(grid.current?.children ?? [])] as HTMLElement[];
    const from = doors.indexOf(document.activeElement as HTMLElement);
    if (from < 0) return;
    const across = doors.filter((door) => door.offsetTop === doors[0]?.offsetTop).length;
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across, Home: -from, End: doors.length - 1 - from }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    doors[Math.min(doors.length - 1, Math.max(0, from + by))]?.focus();
  };
  return (
    <div ref={grid} className="doors" role="group" aria-label={name} onKeyDown={step}>
      {lockers.map((locker) => <OneDoor key={locker.id} locker={locker} chosen={locker.id === chosen} stop={locker.id === current?.id} onFocus={setAt} onChoose={onChoose} />)}
    </div>
  );
}

interface OneProps { locker: FloorLocker; chosen: boolean; stop: boolean; onFocus: (id: string) => void; onChoose: (id: string) => void }

/** Of 2,000 doors only those are drawn again that have changed. */
const OneDoor = memo(function OneDoor({ locker, chosen, stop, onFocus, onChoose }: OneProps) {
  const { look, icon: Icon, text } = seen(locker);
  return (
    <button type="button" className="cabinet-door" aria-label={spoken(locker)} aria-pressed={chosen} tabIndex={stop ? 0 : -1} onFocus={() => onFocus(locker.id)} onClick={() => onChoose(locker.id)}>
      <Door label={locker.label} size={locker.size} look={look} selected={chosen} icon={<Icon aria-hidden="true" />} word={t(text)} />
    </button>
  );
}, (a, b) => a.locker === b.locker && a.chosen === b.chosen && a.stop === b.stop);
