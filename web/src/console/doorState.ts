import { Ban, Check, CircleAlert, Clock, DoorOpen, HandHelping, Hourglass, Lock, Wrench } from 'lucide-react';
import type { FloorLocker } from '../api/console';
import type { DoorLook } from '../parts/Door';
import type { Tone } from '../parts/Pill';
import { type Plain, t } from '../text/t';
import { alertWords } from './words';

interface Seen { look: DoorLook; tone: Tone; icon: typeof Lock; text: Plain; attention: boolean }

/** What is most worth knowing of a locker, as an icon and a word: first what somebody must act on, then its door, then whose it is. */
export function seen(locker: FloorLocker): Seen {
  const grave = locker.alerts.find((kind) => kind === 'forced' || kind === 'jam');
  if (grave !== undefined) return { look: 'fault', tone: 'fault', icon: CircleAlert, text: grave === 'jam' ? 'console.door.jammed' : 'console.door.forced', attention: true };
  if (locker.alerts.includes('held-open')) return { look: 'warn', tone: 'warn', icon: DoorOpen, text: 'console.door.leftOpen', attention: true };
  if (locker.alerts.includes('called')) return { look: 'warn', tone: 'warn', icon: HandHelping, text: 'console.door.called', attention: true };
  if (locker.door === 'open') return { look: 'warn', tone: 'warn', icon: DoorOpen, text: 'console.door.open', attention: false };
  if (locker.door === 'jammed') return { look: 'fault', tone: 'fault', icon: CircleAlert, text: 'console.door.jammed', attention: true };
  const other = locker.alerts[0];
  if (other !== undefined) return { look: 'warn', tone: 'warn', icon: CircleAlert, text: other === 'ticket' ? 'console.door.ticket' : alertWords[other], attention: true };
  switch (locker.state) {
    case 'free': return { look: 'free', tone: 'free', icon: Check, text: 'console.door.free', attention: false };
    case 'held': return { look: 'plain', tone: 'busy', icon: Hourglass, text: 'console.door.held', attention: false };
    case 'taken': return { look: 'taken', tone: 'busy', icon: Lock, text: 'console.door.taken', attention: false };
    case 'overdue': return { look: 'warn', tone: 'warn', icon: Clock, text: 'console.door.overdue', attention: true };
    case 'out': return { look: 'out', tone: 'fault', icon: locker.lease === null ? Wrench : Ban, text: 'console.door.out', attention: false };
  }
}

/** "Locker 14 M taken". */
export function spoken(locker: FloorLocker): string {
  return t('door.name', { label: locker.label, size: locker.size, state: t(seen(locker).text) });
}
