import { useState } from 'react';
import { ChevronRight } from 'lucide-react';
import { api } from '../../api/endpoints';
import { asProblem, type Problem } from '../../api/problem';
import type { Lease } from '../../api/types';
import { useResource } from '../../api/useResource';
import { Link } from '../../app/Link';
import { Page } from '../../app/Page';
import { money } from '../../format/money';
import { day } from '../../format/time';
import { useLive } from '../../live/useLive';
import { Button, ButtonLink } from '../../parts/Button';
import { LeasePill } from '../../parts/leaseState';
import { Skeleton } from '../../parts/Skeleton';
import { Trouble } from '../../parts/Trouble';
import { t, tn } from '../../text/t';
import './HistoryPage.css';

/** Past rentals, the newest first; each leads to its receipt. */
export function HistoryPage() {
  const { data, problem, reload, put, at } = useResource('leases/past', (signal) => api.leases('past', undefined, signal));
  const [more, setMore] = useState<{ busy: boolean; problem: Problem | null }>({ busy: false, problem: null });
  useLive({}, (heard) => { if (heard.event === 'lease' && (data?.items.length ?? 0) <= 20) reload(); });

  const load = async (cursor: string): Promise<void> => {
    setMore({ busy: true, problem: null });
    try {
      const page = await api.leases('past', cursor);
      put((known) => ({ items: [...known.items, ...page.items], next: page.next }));
      setMore({ busy: false, problem: null });
    } catch (error) {
      setMore({ busy: false, problem: asProblem(error) });
    }
  };

  const next = data?.next ?? null;
  return (
    <Page title={t('history.title')} className="middle stack">
      {problem !== null && <Trouble problem={problem} retry={reload} since={at} />}
      {data === null && problem === null && <Skeleton rows={4} height={84} />}
      {data?.items.length === 0 && (
        <div className="empty">
          <p className="empty-title">{t('history.none')}</p>
          <p className="quiet">{t('history.noneHint')}</p>
          <ButtonLink look="primary" href="/">{t('nav.find')}</ButtonLink>
        </div>
      )}
      {data !== null && data.items.length > 0 && (
        <>
          <p className="small quiet" role="status">{next === null ? tn('history.count', data.items.length) : tn('history.newest', data.items.length)}</p>
          <ul className="history">{data.items.map((lease) => <Past key={lease.id} lease={lease} />)}</ul>
          {more.problem !== null && <Trouble problem={more.problem} />}
          {next !== null && <Button busy={more.busy} onClick={() => void load(next)}>{t('action.more')}</Button>}
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
