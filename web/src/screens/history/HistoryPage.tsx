import { ChevronRight } from 'lucide-react';
import { api } from '../../api/endpoints';
import type { Lease } from '../../api/types';
import { Link } from '../../app/Link';
import { Page } from '../../app/Page';
import { money } from '../../format/money';
import { day } from '../../format/time';
import { useLive } from '../../live/useLive';
import { ButtonLink } from '../../parts/Button';
import { LeasePill } from '../../parts/leaseState';
import { More } from '../../parts/More';
import { Skeleton } from '../../parts/Skeleton';
import { Trouble } from '../../parts/Trouble';
import { usePages } from '../../parts/usePages';
import { t, tn } from '../../text/t';
import './HistoryPage.css';

/** Past rentals, the newest first; each leads to its receipt. */
export function HistoryPage() {
  const pages = usePages('leases/past', { shifting: true, keyOf: (lease: Lease) => lease.id, read: (cursor, signal) => api.leases('past', cursor, signal) });
  const { first, items, next, problem, reload, at } = pages;
  useLive({}, (heard) => { if (heard.event === 'lease') reload(); });
  return (
    <Page title={t('history.title')} className="middle stack">
      {problem !== null && <Trouble problem={problem} retry={reload} since={at} />}
      {first === null && problem === null && <Skeleton rows={4} height={84} />}
      {first !== null && items.length === 0 && (
        <div className="empty">
          <p className="empty-title">{t('history.none')}</p>
          <p className="quiet">{t('history.noneHint')}</p>
          <ButtonLink look="primary" href="/">{t('nav.find')}</ButtonLink>
        </div>
      )}
      {items.length > 0 && (
        <>
          <p className="small quiet" role="status">{next === null ? tn('history.count', items.length) : tn('history.newest', items.length)}</p>
          <ul className="history">{items.map((lease) => <Past key={lease.id} lease={lease} />)}</ul>
          <More of={pages} />
        </>
      )}
    </Page>
  );
}

function Past({ lease }: { lease: Lease }) {
  const ended = lease.state === 'ended';
  return (
    <li>
      <Link href={ended ? `/receipt/${lease.id}` : `/lease/${lease.id}`}>
        <span className="history-what">
          <strong>{t('history.row', { label: lease.locker.label, site: lease.site.name })}</strong>
          <span className="small quiet num">{day(lease.endedAt ?? lease.createdAt, lease.site.timeZone)}</span>
        </span>
        <span className="history-sum num">
          {ended && <strong>{money(lease.soFar)}</strong>}
          {lease.payment?.refunded != null && <span className="small quiet">{t('history.refunded', { amount: money(lease.payment.refunded) })}</span>}
          <LeasePill lease={lease} />
        </span>
        <ChevronRight size={20} aria-hidden="true" />
      </Link>
    </li>
  );
}
