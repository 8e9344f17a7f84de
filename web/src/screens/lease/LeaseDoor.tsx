import type { CSSProperties } from 'react';
import type { Lease, Place } from '../../api/types';
import { Door } from '../../parts/Door';
import { t } from '../../text/t';
import './LeaseDoor.css';

/** The hero: one's own door in its cabinet, with the doors around it, so that it is found at a glance. */
export function LeaseDoor({ lease, quiet = false }: { lease: Lease; quiet?: boolean }) {
  const { locker, door } = lease;
  const first = Math.max(0, Math.min(locker.column - 1, locker.columns - 3));
  const last = Math.min(locker.columns - 1, first + 2);
  // One row above and one below: enough to see where one is, and the own door stays large.
  const spare = 1;
  const bottom = Math.max(locker.row + locker.rowSpan, ...locker.neighbours.map((each) => each.row + each.rowSpan));
  const top = Math.max(0, Math.min(locker.row - spare, bottom - locker.rowSpan - 2 * spare));
  const end = Math.min(bottom, top + locker.rowSpan + 2 * spare);

  const cell = (place: Place): CSSProperties | null => {
    const from = Math.max(top, place.row);
    const to = Math.min(end, place.row + place.rowSpan);
    if (place.column < first || place.column > last || from >= to) return null;
    return { gridColumn: place.column - first + 1, gridRow: `${from - top + 1} / ${to - top + 1}` };
  };

  const own = cell(locker);
  const mine = locker.column - first;
  const columns = Array.from({ length: last - first + 1 }, (_, index) => (index === mine ? '1.15fr' : '1fr')).join(' ');
  const open = door.state === 'open';
  const state = { open: t('door.open'), closed: t('door.closed'), jammed: t('door.jammed'), unknown: t('door.unknown'), locked: t('door.locked'), unlocked: t('door.unlocked') }[door.state];
  return (
    <div
      className={`lease-door ${quiet ? 'quiet-door' : ''}`} role="img" aria-label={t('door.name', { label: locker.label, size: locker.size, state })}
      style={{ gridTemplateColumns: columns, gridTemplateRows: `repeat(${end - top}, minmax(0, 1fr))` }}
    >
      {locker.neighbours.map((neighbour) => {
        const style = cell(neighbour);
        if (style === null || neighbour.label === locker.label) return null;
        return <div key={neighbour.label} style={style}><Door hero label={neighbour.label} size={neighbour.size} look="plain" /></div>;
      })}
      {own !== null && (
        <div style={own} className={open ? 'own open' : 'own'}>
          <Door hero label={locker.label} size={locker.size} look={door.state === 'jammed' ? 'warn' : 'yours'} open={open} />
        </div>
      )}
    </div>
  );
}
