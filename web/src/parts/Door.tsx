import type { ReactNode } from 'react';
import type { Size } from '../api/types';
import { t } from '../text/t';
import './Door.css';

/** How a door is coloured. `plain` is a neighbour of which nothing is said. */
export type DoorLook = 'free' | 'taken' | 'out' | 'yours' | 'warn' | 'fault' | 'plain';

export interface DoorProps {
  label: string;
  size: Size;
  look: DoorLook;
  /** Only ever true when a sensor said so. */
  open?: boolean;
  selected?: boolean;
  icon?: ReactNode;
  word?: string;
  hero?: boolean;
}

/** The door: a drawn locker front with number, size, state and latch. The same on every screen. */
export function Door({ label, size, look, open = false, selected = false, icon, word, hero = false }: DoorProps) {
  return (
    <span className={`door look-${look} ${hero ? 'hero' : ''}`} data-open={open} data-selected={selected}>
      <span className="door-cavity" />
      <span className="door-leaf">
        <span className="door-head">
          <span className="door-number num">{label}</span>{' '}
          <span className="door-size">{hero ? t('door.size', { size }) : size}</span>
        </span>{' '}
        {word !== undefined && <span className="door-state">{icon}<span>{word}</span></span>}
        <span className="door-latch" />
      </span>
    </span>
  );
}
