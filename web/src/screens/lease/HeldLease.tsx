import { useEffect, useRef } from 'react';
import { CreditCard, Hourglass, Store, TriangleAlert } from 'lucide-react';
import { api } from '../../api/endpoints';
import { Intent } from '../../api/intent';
import type { Lease } from '../../api/types';
import { toCheckout } from '../../app/router';
import { after } from '../../format/after';
import { money } from '../../format/money';
import { clock, countdown, day } from '../../format/time';
import { Button } from '../../parts/Button';
import { Facts } from '../../parts/Facts';
import { Ring } from '../../parts/Ring';
import { sizeName } from '../../parts/sizeWords';
import { Trouble } from '../../parts/Trouble';
import { useDeed } from '../../parts/useDeed';
import { useFollowed } from '../../parts/useFollowed';
import { useNow } from '../../parts/useNow';
import { t, tn } from '../../text/t';
import { why } from '../checkout/CheckoutPage';
import { LeaseDoor } from './LeaseDoor';
import './HeldLease.css';

interface HeldLeaseProps { lease: Lease; put: (change: (known: Lease) => Lease) => void; reload: () => void; again: () => void }

/** A locker waits for its payment while a ring runs down. */
export function HeldLease({ lease, put, reload, again }: HeldLeaseProps) {
  const { busy, problem, run } = useDeed<'card' | 'desk' | 'cancel'>();
  const paying = useRef({ card: new Intent(), desk: new Intent() });
  const now = useNow();
  const whole = Date.parse(lease.holdUntil) - Date.parse(lease.createdAt);
  // The server's clock is known to a second or two only: never promise more than there was to begin with.
  const left = Math.min(whole, Date.parse(lease.holdUntil) - now);
  const { payment, tariff, sizePriced, site: { timeZone }, locker } = lease;
  const price = money(lease.quote);
  const all = money(lease.toAuthorise);
  const deposit = tariff.deposit[sizePriced];
  const desk = payment?.deskCode ?? null;
  const processing = payment?.state === 'processing';
  const hourly = tariff.perHour[sizePriced];

  // The server ends a hold that ran out; ask it then, rather than decide here.
  const over = left <= 0;
  useEffect(() => {
    if (over) reload();
  }, [over, reload]);
  useFollowed(over, again, 2000);

  const act = async (what: 'card' | 'desk' | 'cancel'): Promise<void> => {
    const done = await run(what, async () => {
      if (what !== 'cancel') return pay(what);
      const cancelled = await api.cancel(lease.id);
      put(() => cancelled);
    });
    if (!done) reload();
  };

  const pay = async (at: 'card' | 'desk'): Promise<void> => {
    // A checkout that is already waiting is continued, not doubled.
    const waiting = at === 'card' && payment !== null && payment.state === 'pending' ? payment.checkoutUrl : null;
    const url = waiting ?? (await paying.current[at].run((key) => api.pay(lease.id, at, key))).checkoutUrl;
    if (url === null) return reload();
    toCheckout(url);
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
        </div>
        {/* There from the beginning and empty: what is put into it later is read aloud. */}
        <p className="held-soon" role="status">{left < 120_000 && !over ? t('held.twoMinutes', { label: locker.label }) : ''}</p>
        {payment?.state === 'declined' && (
          <p className="lease-overdue" role="status"><TriangleAlert size={20} aria-hidden="true" /><span>{payment.declineReason === null ? t('held.declined') : t('held.declinedWhy', { reason: why(payment.declineReason) })}</span></p>
        )}
        {problem !== null && <Trouble problem={problem} />}
        {processing && <p className="held-wait" role="status"><Hourglass size={20} aria-hidden="true" /><span>{t('held.processing')}</span></p>}
        {desk !== null && !over && (
          <div className="held-desk panel" role="status">
            <h3>{t('held.deskTitle')}</h3>
            <p className="held-code num" aria-label={[...desk].join(' ')}>{desk.slice(0, 3)} {desk.slice(3)}</p>
            <p className="small quiet">{t('held.deskText', { amount: all, time: clock(lease.holdUntil, timeZone) })}</p>
          </div>
        )}
        {!processing && (
          <>
            <Button
              look={desk === null ? 'primary' : 'plain'} wide busy={busy === 'card'} disabled={over || !lease.may.includes('pay')}
              icon={<CreditCard size={22} aria-hidden="true" />} onClick={() => void act('card')}
            >
              {lease.toAuthorise.minor === 0 ? t('held.free') : desk === null ? t('held.pay', { price: all }) : t('held.byCard')}
            </Button>
            {lease.desk && desk === null && lease.toAuthorise.minor > 0 && (
              <Button wide busy={busy === 'desk'} disabled={over || !lease.may.includes('pay')} icon={<Store size={20} aria-hidden="true" />} onClick={() => void act('desk')}>{t('held.desk')}</Button>
            )}
          </>
        )}
        <div className="panel">
          <Facts rows={[
            [t('held.price'), t('held.priceFor', { price, hours: tn('book.nHours', lease.hours) })],
            ...(hourly === undefined ? [] : [[t('held.rate'), t('site.perHour', { price: money(hourly) })] as [string, string]]),
            ...(deposit === undefined || deposit.minor === 0 ? [] : [[t('held.deposit'), t('held.depositText', { deposit: money(deposit) })] as [string, string]]),
            [t('held.until'), day(now + lease.hours * 3_600_000, timeZone)],
            [t('held.size'), locker.size === sizePriced ? sizeName(locker.size) : t('facts.largerText', { real: sizeName(locker.size), priced: sizeName(sizePriced) })],
            [t('held.after'), <span key="after" className="long">{after(tariff, sizePriced)}</span>],
          ]} />
        </div>
        <p className="small quiet centre">{tariff.billing === 'prepaid' ? t('price.prepaid') : t('book.reserved')}</p>
        {lease.may.includes('cancel') && <Button look="text" busy={busy === 'cancel'} onClick={() => void act('cancel')}>{t('held.cancel')}</Button>}
      </div>
    </div>
  );
}
