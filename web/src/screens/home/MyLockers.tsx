import { ChevronRight } from 'lucide-react';
import { Link } from '../../app/Link';
import { api } from '../../api/endpoints';
import type { Lease } from '../../api/types';
import { useResource } from '../../api/useResource';
import { money } from '../../format/money';
import { countdown, day } from '../../format/time';
import { aboutMe } from '../../live/page';
import { useLive } from '../../live/useLive';
import { Door } from '../../parts/Door';
import { LeasePill } from '../../parts/leaseState';
import { Trouble } from '../../parts/Trouble';
import { useNow } from '../../parts/useNow';
import { t } from '../../text/t';
import './MyLockers.css';

/** What one has now, before anything else: whoever has a locker came to open it. */
export function MyLockers({ who }: { who: string }) {
  const found = useResource(`leases/live/${who}`, (signal) => api.leases('live', undefined, signal), 'leases');
  useLive({}, (heard) => { if (aboutMe(heard)) found.reload(); });
  const leases = found.data?.items ?? [];
  if (leases.length === 0) return null;
  return (
    <section className="my-lockers" aria-labelledby="my-lockers">
      <h2 id="my-lockers">{t('home.mine')}</h2>
      {found.stale && found.problem !== null && <Trouble problem={found.problem} retry={found.reload} since={found.at} />}
      <ul>{leases.map((lease) => <MyLocker key={lease.id} lease={lease} />)}</ul>
    </section>
  );
}

function MyLocker({ lease }: { lease: Lease }) {
  const { locker, site, door } = lease;
  return (
    <li>
      <Link href={`/lease/${lease.id}`} className="my-locker">
        <span className="my-locker-door"><Door label={locker.label} size={locker.size} look="yours" open={door.state === 'open'} /></span>
        <span className="my-locker-text">
          <strong>{t('lease.title', { label: locker.label })}</strong>
          <span className="small quiet">{site.name}</span>
          <span className="my-locker-state"><LeasePill lease={lease} /><span className="small num"><When lease={lease} /></span></span>
        </span>
        <ChevronRight size={20} aria-hidden="true" />
      </Link>
    </li>
  );
}

function When({ lease }: { lease: Lease }) {
  const now = useNow();
  if (lease.state === 'held') return t('home.payWithin', { price: money(lease.quote), left: countdown(Date.parse(lease.holdUntil) - now) });
  return lease.paidUntil === null ? null : t('home.until', { when: day(lease.paidUntil, lease.site.timeZone) });
}
