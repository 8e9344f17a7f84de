import { useState } from 'react';
import { CircleHelp, DoorOpen, TriangleAlert, UserRoundPlus, CalendarClock, Maximize2 } from 'lucide-react';
import type { Lease } from '../../api/types';
import { Button } from '../../parts/Button';
import { Talk } from '../../parts/Talk';
import { Trouble } from '../../parts/Trouble';
import { useNow } from '../../parts/useNow';
import { t } from '../../text/t';
import { say } from './conversation';
import { ExtendDialog } from './change/ExtendDialog';
import { SwapDialog } from './change/SwapDialog';
import { Finish } from './Finish';
import { LeaseDoor } from './LeaseDoor';
import { LeaseFacts } from './LeaseFacts';
import { LeaseHelp } from './LeaseHelp';
import { PassPanel } from './pass/PassPanel';
import { ShareDialog } from './share/ShareDialog';
import { useOpening } from './useOpening';
import './ActiveLease.css';

interface ActiveLeaseProps { lease: Lease; put: (change: (known: Lease) => Lease) => void; reload: () => void; again: () => void }

/** My locker: the door, what is going on with it, and the one thing to do next. */
export function ActiveLease({ lease, put, reload, again }: ActiveLeaseProps) {
  const now = useNow(5000);
  const { asking, problem, open } = useOpening(lease, put, reload, again);
  const [helping, setHelping] = useState(false);
  const [dialog, setDialog] = useState<'share' | 'extend' | 'swap' | null>(null);
  const close = (): void => setDialog(null);
  const saying = say(lease, asking, now);
  const mayOpen = lease.may.includes('open');
  return (
    <div className="lease-columns">
      <div className="lease-main">
        <LeaseDoor lease={lease} />
      </div>
      <div className="lease-side">
        {lease.state === 'overdue' && <p className="lease-overdue"><TriangleAlert size={20} aria-hidden="true" /><span>{t('lease.overdueText')}</span></p>}
        <Talk said={saying} />
        {problem !== null && <Trouble problem={problem} />}
        {mayOpen && (
          <Button
            look={lease.door.state === 'open' ? 'plain' : 'primary'} wide busy={saying.mood === 'busy'} onClick={open}
            icon={<DoorOpen size={22} aria-hidden="true" />}
          >
            {saying.mood === 'busy' ? t('talk.openingShort') : (saying.next?.label ?? t('talk.openAgain', { label: lease.locker.label }))}
          </Button>
        )}
        <Button look={saying.help ? 'plain' : 'text'} icon={<CircleHelp size={20} aria-hidden="true" />} onClick={() => setHelping(true)}>{t('help.button')}</Button>
        {mayOpen && (
          <div className="lease-more">
            <Button icon={<CalendarClock size={20} aria-hidden="true" />} onClick={() => setDialog('extend')}>{t('extend.button')}</Button>
            <Button icon={<Maximize2 size={20} aria-hidden="true" />} onClick={() => setDialog('swap')}>{t('swap.button')}</Button>
            <Button icon={<UserRoundPlus size={20} aria-hidden="true" />} onClick={() => setDialog('share')}>{t('share.button')}</Button>
          </div>
        )}
        {mayOpen && <PassPanel lease={lease} reload={reload} />}
        <LeaseFacts lease={lease} />
        <Finish lease={lease} put={put} reload={reload} />
      </div>
      {dialog === 'share' && <ShareDialog lease={lease} onClose={close} />}
      {dialog === 'extend' && <ExtendDialog lease={lease} reload={reload} onClose={close} />}
      {dialog === 'swap' && <SwapDialog lease={lease} reload={reload} onClose={close} />}
      {helping && <LeaseHelp lease={lease} put={put} onClose={() => setHelping(false)} />}
    </div>
  );
}
