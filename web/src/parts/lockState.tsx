import { CircleHelp, DoorOpen, Lock, LockOpen, TriangleAlert, WifiOff } from 'lucide-react';
import type { OwnLock } from '../api/locks';
import { t } from '../text/t';
import { Pill } from './Pill';

/** A lock in one word. What was heard last from one that is off line is not said as if it were so now. */
export function LockPill({ lock }: { lock: OwnLock }) {
  if (lock.online !== true) return <Pill tone="warn" icon={<WifiOff aria-hidden="true" />}>{t('lock.offline')}</Pill>;
  if (lock.door === 'open') return <Pill tone="warn" icon={<DoorOpen aria-hidden="true" />}>{t('lock.open')}</Pill>;
  if (lock.door === 'jammed') return <Pill tone="fault" icon={<TriangleAlert aria-hidden="true" />}>{t('lock.jammed')}</Pill>;
  if (lock.status === 'locked') return <Pill tone="yours" icon={<Lock aria-hidden="true" />}>{t('lock.locked')}</Pill>;
  if (lock.status === 'unlocked') return <Pill tone="warn" icon={<LockOpen aria-hidden="true" />}>{t('lock.unlocked')}</Pill>;
  return <Pill tone="busy" icon={<CircleHelp aria-hidden="true" />}>{t('lock.unknown')}</Pill>;
}
