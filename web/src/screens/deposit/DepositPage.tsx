import { useRef, useState } from 'react';
import { CreditCard, DoorOpen, PackageCheck, PackagePlus, Undo2 } from 'lucide-react';
import { deposits, type Deposit } from '../../api/deposits';
import { api } from '../../api/endpoints';
import { Intent } from '../../api/intent';
import { useResource } from '../../api/useResource';
import { Page } from '../../app/Page';
import { toCheckout } from '../../app/router';
import { addressOf } from '../../format/address';
import { money, times } from '../../format/money';
import { day } from '../../format/time';
import { useLive } from '../../live/useLive';
import { Button, ButtonLink } from '../../parts/Button';
import { Confirm } from '../../parts/Confirm';
import { Door } from '../../parts/Door';
import { Facts } from '../../parts/Facts';
import { isUnderWay } from '../../parts/orderWords';
import { Skeleton } from '../../parts/Skeleton';
import { Talk } from '../../parts/Talk';
import { Trouble } from '../../parts/Trouble';
import { useDeed } from '../../parts/useDeed';
import { useFollowed } from '../../parts/useFollowed';
import { t } from '../../text/t';
import { Missing } from '../missing/Missing';
import { toSender } from './conversation';
import { nameOf } from './nameOf';
import './Deposit.css';

type Act = 'pay' | 'open' | 'stored' | 'other' | 'cancel' | 'return';

/** What one has left for somebody: the door while it is put in, then where it is until it was collected. */
export function DepositPage({ depositId }: { depositId: string }) {
  const { data, problem: unread, reload, again, put, at } = useResource(`deposit/${depositId}`, (signal) => deposits.one(depositId, signal));
  useLive({}, (heard) => { if (heard.event === 'resync' || ('leaseId' in heard && heard.leaseId === depositId)) reload(); });
  const { busy, problem, run } = useDeed<Act>();
  const [asking, setAsking] = useState(false);
  const intents = useRef<Partial<Record<Act, Intent>>>({});
  const once = <T,>(what: Act, deed: (key: string) => Promise<T>): Promise<T> => (intents.current[what] ??= new Intent()).run(deed);
  // A door that was shut tells the server, and that tells this page; while something moves it is asked for too.
  const moving = data !== null && (isUnderWay(data.command) || data.door === 'open' || data.payment?.state === 'processing' || data.stage === 'paying');
  useFollowed(moving, again);

  if (data === null) {
    if (unread?.status === 404) return <Missing />;
    return <Page title={t('deposits.mine')} className="narrow stack">{unread === null ? <Skeleton rows={3} height={120} /> : <Trouble problem={unread} retry={reload} />}</Page>;
  }
  const { locker: { label, size }, site, stage, may } = data;
  const name = nameOf(data);
  const reserve = money(times(data.perHour, data.hours));
  const act = (what: Act, deed: () => Promise<void>): void => void run(what, deed).then(() => reload());
  const pay = (): void => act('pay', async () => {
    const payment = await once('pay', (key) => api.pay(data.id, 'card', key));
    if (payment.checkoutUrl !== null) toCheckout(payment.checkoutUrl);
  });
  const open = (): void => act('open', async () => {
    const command = await once('open', (key) => deposits.open(data.id, key));
    put((known) => ({ ...known, command }));
  });
  const takeBack = (): void => act('return', async () => {
    const opening = await once('return', (key) => deposits.takeBack(data.id, key));
    setAsking(false);
    if (opening.payment?.checkoutUrl) toCheckout(opening.payment.checkoutUrl);
    else if (opening.command !== null) put((known) => ({ ...known, command: opening.command }));
  });
  const live = may.length > 0 || stage === 'collecting' || stage === 'returning';
  return (
    <Page title={data.receiver.name === '' ? t('deposit.titlePlain', { label }) : t('deposit.title', { label, name: data.receiver.name })} className="narrow stack">
      <p className="quiet">{t('lease.where', { site: site.name, bank: data.bank.name })}<br />{addressOf(site)}</p>
      {live && <div className="deposit-door"><Door label={label} size={size} look={stage === 'placing' || stage === 'returning' ? 'yours' : 'taken'} open={data.door === 'open'} /></div>}
      <Talk said={toSender(data, busy === 'open' || busy === 'return')} />
      {unread !== null && <Trouble problem={unread} retry={reload} since={at} />}
      {problem !== null && !asking && <Trouble problem={problem} />}
      {may.includes('pay') && <Button look="primary" wide busy={busy === 'pay'} icon={<CreditCard size={22} aria-hidden="true" />} onClick={pay}>{t('deposit.pay', { amount: reserve })}</Button>}
      {may.includes('stored') && <Button look="primary" wide busy={busy === 'stored'} icon={<PackageCheck size={22} aria-hidden="true" />} onClick={() => act('stored', async () => put(await deposits.stored(data.id)))}>{t('deposit.said')}</Button>}
      {may.includes('open') && data.door !== 'open' && <Button look={may.includes('stored') ? 'plain' : 'primary'} wide busy={busy === 'open'} icon={<DoorOpen size={22} aria-hidden="true" />} onClick={open}>{t('talk.openDoor', { label })}</Button>}
      {data.door !== 'open' && (may.includes('cancel') || may.includes('other-locker')) && (
        <div className="deposit-more">
          {may.includes('other-locker') && <Button look="text" busy={busy === 'other'} onClick={() => act('other', async () => put(await once('other', (key) => deposits.otherLocker(data.id, key))))}>{t('deposit.other')}</Button>}
          <Button look="text" busy={busy === 'cancel'} onClick={() => act('cancel', async () => put(await deposits.cancel(data.id)))}>{t('deposit.cancel')}</Button>
        </div>
      )}
      {stage !== 'cancelled' && stage !== 'expired' && <section className="panel"><Facts rows={facts(data)} /></section>}
      {may.includes('return') && data.door !== 'open' && <Button wide icon={<Undo2 size={20} aria-hidden="true" />} onClick={() => setAsking(true)}>{t('deposit.takeBack')}</Button>}
      {!live && <ButtonLink look="primary" wide href={`/send/${site.id}`} icon={<PackagePlus size={20} aria-hidden="true" />}>{t('deposit.again')}</ButtonLink>}
      {asking && (
        <Confirm title={t('deposit.takeBackTitle', { label })} deed={t('deposit.takeBackDeed', { label })} busy={busy === 'return'} onDeed={takeBack} onClose={() => setAsking(false)}>
          <p>{t('deposit.takeBackText', { name })}</p>
          {data.pays === 'receiver' && data.owed.minor > 0 && <p>{t('deposit.takeBackPays', { amount: money(data.owed) })}</p>}
          {problem !== null && <Trouble problem={problem} />}
        </Confirm>
      )}
    </Page>
  );
}

function facts(data: Deposit): [string, string][] {
  const { receiver: { name, email, phone }, site: { timeZone } } = data;
  const who = [name, email, phone].filter((each) => each !== null && each !== '').join(', ');
  return [
    ...(who === '' ? [] : [[t('deposit.for'), who] satisfies [string, string]]),
    ...(data.storedAt === null ? [] : [[t('deposit.since'), day(data.storedAt, timeZone)] satisfies [string, string]]),
    ...(data.said ? [[t('deposit.seen'), t('deposit.saidFact')] satisfies [string, string]] : []),
    ...(data.until === null || data.overAt !== null ? [] : [[t('deposit.until'), day(data.until, timeZone)] satisfies [string, string]]),
    ...(data.storedAt === null ? [] : [[t('deposit.cost'), t('deposit.costPays', { amount: money(data.owed), who: data.pays === 'sender' ? t('deposit.youPay') : t('deposit.theyPay') })] satisfies [string, string]]),
  ];
}
