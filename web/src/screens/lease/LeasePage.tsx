import { api } from '../../api/endpoints';
import { useResource } from '../../api/useResource';
import { Page } from '../../app/Page';
import { useLive } from '../../live/useLive';
import { LeasePill } from '../../parts/leaseState';
import { Skeleton } from '../../parts/Skeleton';
import { Trouble } from '../../parts/Trouble';
import { t } from '../../text/t';
import { Missing } from '../missing/Missing';
import { ActiveLease } from './ActiveLease';
import { GoneLease } from './GoneLease';
import { HeldLease } from './HeldLease';
import { OfflinePass } from './pass/OfflinePass';
import { useKeptPass } from './pass/useKeptPass';
import './LeasePage.css';

export function LeasePage({ leaseId }: { leaseId: string }) {
  const { data: lease, problem, reload, again, put, at, stale } = useResource(`lease/${leaseId}`, (signal) => api.lease(leaseId, signal), `lease/${leaseId}`);
  const pass = useKeptPass(lease, stale);
  useLive({}, (heard) => {
    if (heard.event === 'resync' || ('leaseId' in heard && heard.leaseId === leaseId)) reload();
  });

  if (lease === null) {
    if (problem?.status === 404 || problem?.status === 403) return <Missing what={t('missing.lease')} />;
    return <Page title={t('lease.loading')} className="stack">{problem === null ? <Skeleton rows={3} height={180} /> : <Trouble problem={problem} retry={reload} />}</Page>;
  }
  const shared = { lease, put, reload, again };
  return (
    <Page title={t('lease.title', { label: lease.locker.label })} className="lease">
      <div className="lease-where">
        <p className="quiet">{t('lease.where', { site: lease.site.name, bank: lease.bank.name })}</p>
        <LeasePill lease={lease} />
      </div>
      {problem !== null && <Trouble problem={problem} retry={reload} since={at} />}
      {stale && lease.may.includes('open') && <OfflinePass lease={lease} pass={pass} />}
      {lease.state === 'held' && <HeldLease {...shared} />}
      {(lease.state === 'active' || lease.state === 'overdue') && <ActiveLease {...shared} />}
      {(lease.state === 'ended' || lease.state === 'cancelled' || lease.state === 'expired') && <GoneLease lease={lease} reload={reload} />}
    </Page>
  );
}
