import { CircleCheck, CircleX, DoorOpen, Hourglass, Lock, LockOpen, TriangleAlert } from 'lucide-react';
import type { Lease } from '../api/types';
import { t } from '../text/t';
import { Pill } from './Pill';

/** A rental in one word. "Open" is said only when the door's own state says so. */
export function LeasePill({ lease }: { lease: Lease }) {
  const { state, door } = lease;
  if (state === 'held') return <Pill tone="yours" icon={<Hourglass aria-hidden="true" />}>{t('lease.held')}</Pill>;
  if (state === 'ended') return <Pill tone="free" icon={<CircleCheck aria-hidden="true" />}>{t('lease.ended')}</Pill>;
  if (state === 'cancelled') return <Pill tone="busy" icon={<CircleX aria-hidden="true" />}>{t('lease.cancelled')}</Pill>;
  if (state === 'expired') return <Pill tone="busy" icon={<CircleX aria-hidden="true" />}>{t('lease.expired')}</Pill>;
  if (door.state === 'open') return <Pill tone="yours" icon={<DoorOpen aria-hidden="true" />}>{t('door.open')}</Pill>;
  if (door.state === 'jammed') return <Pill tone="warn" icon={<TriangleAlert aria-hidden="true" />}>{t('door.jammed')}</Pill>;
  if (state === 'overdue') return <Pill tone="warn" icon={<TriangleAlert aria-hidden="true" />}>{t('lease.overdue')}</Pill>;
  if (door.state === 'unlocked') return <Pill tone="warn" icon={<LockOpen aria-hidden="true" />}>{t('door.unlocked')}</Pill>;
  if (door.state === 'locked') return <Pill tone="busy" icon={<Lock aria-hidden="true" />}>{t('door.locked')}</Pill>;
  if (door.state === 'closed') return <Pill tone="busy" icon={<Lock aria-hidden="true" />}>{t('door.closed')}</Pill>;
  return <Pill tone="busy" icon={<Lock aria-hidden="true" />}>{t('lease.yours')}</Pill>;
}
