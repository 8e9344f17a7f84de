import { ChevronRight } from 'lucide-react';
import { deposits, type Deposit } from '../../api/deposits';
import { useResource } from '../../api/useResource';
import { Link } from '../../app/Link';
import { aboutMe } from '../../live/page';
import { useLive } from '../../live/useLive';
import { Door } from '../../parts/Door';
import { t } from '../../text/t';
import { nameOf } from '../deposit/nameOf';

/** What one has left for others and nobody has collected yet; nothing for those who have left nothing. */
export function MyDeposits({ who }: { who: string }) {
  const found = useResource(`deposits/${who}`, (signal) => deposits.mine('live', signal));
  useLive({}, (heard) => { if (aboutMe(heard)) found.reload(); });
  const mine = found.data?.items ?? [];
  if (mine.length === 0) return null;
  return (
    <section className="my-lockers" aria-labelledby="my-deposits">
      <h2 id="my-deposits">{t('deposits.mine')}</h2>
      <ul>{mine.map((deposit) => <MyDeposit key={deposit.id} deposit={deposit} />)}</ul>
    </section>
  );
}

function MyDeposit({ deposit }: { deposit: Deposit }) {
  const { locker, site, door } = deposit;
  return (
    <li>
      <Link href={`/deposits/${deposit.id}`} className="my-locker">
        <span className="my-locker-door"><Door label={locker.label} size={locker.size} look="yours" open={door === 'open'} /></span>
        <span className="my-locker-text">
          <strong>{t('lease.title', { label: locker.label })}</strong>
          <span className="small quiet">{site.name}</span>
          <span className="my-locker-state small">{state(deposit)}</span>
        </span>
        <ChevronRight size={20} aria-hidden="true" />
      </Link>
    </li>
  );
}

function state(deposit: Deposit): string {
  switch (deposit.stage) {
    case 'paying': return t('deposit.state.paying');
    case 'placing': return t('deposit.state.placing');
    case 'collecting': return t('deposit.state.collecting');
    case 'returning': return t('deposit.state.returning');
    default: return deposit.overdue ? t('deposit.state.overdue') : t('deposit.state.stored', { name: nameOf(deposit) });
  }
}
