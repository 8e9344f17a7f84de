import { CircleCheck, Clock, KeyRound, Printer, RotateCcw } from 'lucide-react';
import type { Lease } from '../../api/types';
import { ButtonLink } from '../../parts/Button';
import { Trouble } from '../../parts/Trouble';
import { Skeleton } from '../../parts/Skeleton';
import { t } from '../../text/t';
import { ReceiptPaper } from '../receipt/ReceiptPaper';
import { useReceipt } from '../receipt/useReceipt';
import { Reopen } from './change/Reopen';
import './GoneLease.css';

/** A rental that is over: with its receipt, or, for a hold that came to nothing, the way to another. */
export function GoneLease({ lease, reload }: { lease: Lease; reload: () => void }) {
  if (lease.state === 'ended') return <Ended lease={lease} reopened={reload} />;
  const expired = lease.state === 'expired';
  const paidLate = expired && lease.replacedBy === null && lease.payment?.method != null && lease.payment.state !== 'declined';
  if (lease.replacedBy !== null) {
    return (
      <div className="gone panel" role="status">
        <KeyRound size={28} aria-hidden="true" />
        <h2>{t('gone.expired')}</h2>
        <p className="quiet">{t('gone.replaced')}</p>
        <ButtonLink look="primary" wide href={`/lease/${lease.replacedBy}`}>{t('gone.replacedGo')}</ButtonLink>
      </div>
    );
  }
  return (
    <div className="gone panel">
      <Clock size={28} aria-hidden="true" />
      <h2>{expired ? t('gone.expired') : t('gone.cancelled')}</h2>
      <p className="quiet">{paidLate ? t('gone.late') : expired ? t('gone.expiredText') : t('gone.cancelledText')}</p>
      <ButtonLink look="primary" wide href={`/site/${lease.site.id}?size=${lease.sizePriced}&hours=${lease.hours}`} icon={<RotateCcw size={20} aria-hidden="true" />}>{t('gone.again')}</ButtonLink>
      <ButtonLink look="text" href="/">{t('gone.elsewhere')}</ButtonLink>
    </div>
  );
}

function Ended({ lease, reopened }: { lease: Lease; reopened: () => void }) {
  const { data, problem, reload } = useReceipt(lease.id);
  return (
    <div className="ended">
      <div className="ended-side">
        <p className="ended-thanks" role="status"><CircleCheck size={24} aria-hidden="true" /><span>{t('gone.thanks', { label: lease.locker.label })}</span></p>
        <Reopen lease={lease} reload={reopened} />
        <ButtonLink look="primary" wide href="/">{t('gone.home')}</ButtonLink>
        <ButtonLink look="plain" href={`/receipt/${lease.id}`} icon={<Printer size={20} aria-hidden="true" />}>{t('receipt.printable')}</ButtonLink>
      </div>
      {data !== null && <ReceiptPaper receipt={data} />}
      {data === null && (problem === null ? <Skeleton rows={1} height={360} /> : <Trouble problem={problem} retry={reload} />)}
    </div>
  );
}
