import { useEffect, useRef, useState } from 'react';
import { CreditCard, TriangleAlert } from 'lucide-react';
import { api } from '../../api/endpoints';
import { Intent } from '../../api/intent';
import { asProblem, type Problem } from '../../api/problem';
import type { Lease } from '../../api/types';
import { go } from '../../app/router';
import { after } from '../../format/after';
import { money } from '../../format/money';
import { clock, countdown, day } from '../../format/time';
import { Button } from '../../parts/Button';
import { Facts } from '../../parts/Facts';
import { Ring } from '../../parts/Ring';
import { sizeName } from '../../parts/sizeWords';
import { Trouble } from '../../parts/Trouble';
import { useNow } from '../../parts/useNow';
import { t, tn } from '../../text/t';
import { LeaseDoor } from './LeaseDoor';
import './HeldLease.css';

interface HeldLeaseProps { lease: Lease; put: (change: (known: Lease) => Lease) => void; reload: () => void }

/** A locker waits for its payment while a ring runs down. */
export function HeldLease({ lease, put, reload }: HeldLeaseProps) {
  const [busy, setBusy] = useState<'pay' | 'cancel' | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const paying = useRef(new Intent());
  const now = useNow();
  const whole = Date.parse(lease.holdUntil) - Date.parse(lease.createdAt);
  // The server's clock is known to a second or two only: never promise more than there was to begin with.
  const left = Math.min(whole, Date.parse(lease.holdUntil) - now);
  const { payment, tariff, sizePriced, site: { timeZone }, locker } = lease;
  const price = money(lease.quote);
  const hourly = tariff.perHour[sizePriced];

  // The server ends a hold that ran out; ask it then, rather than decide here.
  const over = left <= 0;
  useEffect(() => {
    if (!over) return;
    reload();
    const timer = setInterval(reload, 2000);
    return () => clearInterval(timer);
  }, [over, reload]);

  const act = async (what: 'pay' | 'cancel'): Promise<void> => {
    setBusy(what);
    setProblem(null);
    try {
      if (what === 'pay') await pay();
      else {
        const cancelled = await api.cancel(lease.id);
        put(() => cancelled);
      }
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(null);
      reload();
    }
  };

  const pay = async (): Promise<void> => {
    // A checkout that is already waiting is continued, not doubled.
    const waiting = payment !== null && payment.state === 'pending' ? payment.checkoutUrl : null;
    const url = waiting ?? (await paying.current.run((key) => api.pay(lease.id, key))).checkoutUrl;
    if (url === null) return reload();
    if (url.startsWith('/')) go(url);
    else location.assign(url);
  };

  return (
    <div className="lease-columns">
      <div className="lease-main"><LeaseDoor lease={lease} quiet /></div>
      <div className="lease-side">
        <div className="held panel">
          <Ring part={left / whole} low={left < 120_000}>
            <strong>{countdown(left)}</strong>
            <span>{t('held.left')}</span>
          </Ring>
          <div>
            <h2>{over ? t('held.over') : t('held.title', { label: locker.label })}</h2>
            {!over && <p className="quiet num">{t('held.text', { time: clock(lease.holdUntil, timeZone) })}</p>}
          </div>
          <p className="hidden" role="status">{left < 120_000 && !over ? t('held.twoMinutes', { label: locker.label }) : ''}</p>
        </div>
        {payment?.state === 'declined' && (
          <p className="lease-overdue" role="status"><TriangleAlert size={20} aria-hidden="true" /><span>{payment.declineReason === null ? t('held.declined') : t('held.declinedWhy', { reason: payment.declineReason })}</span></p>
        )}
        {problem !== null && <Trouble problem={problem} />}
        <Button look="primary" wide busy={busy === 'pay'} disabled={over || !lease.may.includes('pay')} icon={<CreditCard size={22} aria-hidden="true" />} onClick={() => void act('pay')}>
          {t('held.pay', { price })}
        </Button>
        <div className="panel">
          <Facts rows={[
            [t('held.price'), t('held.priceFor', { price, hours: tn('book.nHours', lease.hours) })],
            ...(hourly === undefined ? [] : [[t('held.rate'), t('site.perHour', { price: money(hourly) })] as [string, string]]),
            [t('held.until'), day(now + lease.hours * 3_600_000, timeZone)],
            [t('held.size'), locker.size === sizePriced ? sizeName(locker.size) : t('facts.largerText', { real: sizeName(locker.size), priced: sizeName(sizePriced) })],
            [t('held.after'), <span key="after" className="long">{after(tariff, sizePriced)}</span>],
          ]} />
        </div>
        <p className="small quiet centre">{t('book.reserved')}</p>
        {lease.may.includes('cancel') && <Button look="text" busy={busy === 'cancel'} onClick={() => void act('cancel')}>{t('held.cancel')}</Button>}
      </div>
    </div>
  );
}
