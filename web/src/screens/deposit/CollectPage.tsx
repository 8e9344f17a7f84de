import { useRef, useState } from 'react';
import { CircleCheck, CloudOff, CreditCard, DoorOpen, Link2Off } from 'lucide-react';
import { deposits } from '../../api/deposits';
import { Intent } from '../../api/intent';
import { useResource } from '../../api/useResource';
import { Page } from '../../app/Page';
import { toCheckout } from '../../app/router';
import { addressOf } from '../../format/address';
import { money } from '../../format/money';
import { day } from '../../format/time';
import { Button } from '../../parts/Button';
import { Door } from '../../parts/Door';
import { isUnderWay } from '../../parts/orderWords';
import { QrCode } from '../../parts/QrCode';
import { Skeleton } from '../../parts/Skeleton';
import { Talk } from '../../parts/Talk';
import { Trouble } from '../../parts/Trouble';
import { useDeed } from '../../parts/useDeed';
import { useFollowed } from '../../parts/useFollowed';
import { t } from '../../text/t';
import '../lease/pass/PassPanel.css';
import { CodePage } from './CodePage';
import { toReceiver } from './conversation';
import { Delegates } from './Delegates';
import { NewCode } from './NewCode';
import './Deposit.css';

/** The link survives the way to the checkout and back, in this tab and nowhere else. */
const keep = 'collect';

/** What was left for somebody: for whoever has the link, without an account. What stands behind the # is the right itself and never leaves in an address. */
export function CollectPage() {
  const [secret] = useState(() => {
    const given = location.hash.slice(1);
    if (given !== '') sessionStorage.setItem(keep, given);
    return given !== '' ? given : sessionStorage.getItem(keep) ?? '';
  });
  const before = sessionStorage.getItem('collect-locker');
  if (secret === '' && before !== null) return <CodePage lockerId={before} />;
  return <WithLink secret={secret} />;
}

function WithLink({ secret }: { secret: string }) {
  const { data, problem: unread, reload, again, put } = useResource(`collect/${secret}`, (signal) => deposits.see(secret, signal));
  const { busy, problem, run } = useDeed();
  const intent = useRef(new Intent());
  const moving = isUnderWay(data?.command ?? null) || data?.door === 'open' || data?.payment?.state === 'processing';
  // Nobody without an account has a live feed: who waits for a door looks often, who only keeps the page open seldom.
  useFollowed(true, again, moving ? 2_000 : 10_000);

  if (data === null) {
    if (unread?.code === 'link-unknown') {
      return <Page title={t('collect.title')} className="narrow stack"><div className="gone panel"><Link2Off size={28} aria-hidden="true" /><h2>{t('collect.unknown')}</h2><p className="quiet">{t('collect.unknownText')}</p></div></Page>;
    }
    return <Page title={t('collect.title')} className="narrow stack">{unread === null ? <Skeleton rows={3} height={120} /> : <Trouble problem={unread} retry={reload} />}</Page>;
  }
  const { locker: { label, size }, site } = data;
  const open = (): void => void run('deed', async () => {
    const opening = await intent.current.run((key) => deposits.collect(secret, key));
    if (opening.payment?.checkoutUrl) toCheckout(opening.payment.checkoutUrl);
    else if (opening.command !== null) put((known) => ({ ...known, command: opening.command }));
  }).then(() => reload());
  const good = data.state === 'good' && data.stage === 'stored';
  const underWay = busy !== null || isUnderWay(data.command);
  const waits = data.stage === 'stored' || data.stage === 'collecting';
  return (
    <Page title={waits ? t('collect.title') : t('lease.title', { label })} className="narrow stack">
      <p className="quiet">{t('collect.from', { name: data.from })}<br />{t('lease.where', { site: site.name, bank: data.bank.name })}<br />{addressOf(site)}</p>
      {(good || data.door === 'open') && <div className="deposit-door"><Door label={label} size={size} look={good || data.stage === 'collecting' ? 'yours' : 'taken'} open={data.door === 'open'} /></div>}
      <Talk said={toReceiver(data, busy !== null)} />
      {problem !== null && <Trouble problem={problem} />}
      {unread !== null && <Trouble problem={unread} retry={reload} />}
      {good && data.door !== 'open' && (data.toPay === null
        ? <Button look="primary" wide busy={underWay} icon={<DoorOpen size={22} aria-hidden="true" />} onClick={open}>{underWay ? t('talk.openingShort') : t('talk.openDoor', { label })}</Button>
        : <Button look="primary" wide busy={underWay} icon={<CreditCard size={22} aria-hidden="true" />} onClick={open}>{t('collect.pay', { amount: money(data.toPay) })}</Button>)}
      {good && data.until !== null && <p className="small quiet">{data.overdue ? t('collect.overdue', { time: day(data.until, site.timeZone), price: money(data.perHour) }) : t('collect.until', { time: day(data.until, site.timeZone) })}</p>}
      {good && data.toPay === null && data.code === null && <p className="small">{t('collect.codeUsed')}</p>}
      {data.code !== null && (
        <section className="panel pass-panel" aria-labelledby="collect-ways">
          <h2 id="collect-ways">{t('shared.ways')}</h2>
          <p className="pass-ready" data-ready={data.ready}>
            {data.ready ? <CircleCheck size={20} aria-hidden="true" /> : <CloudOff size={20} aria-hidden="true" />}<span>{data.ready ? t('shared.ready') : data.pass === null ? t('pass.notReady') : t('shared.notReady')}</span>
          </p>
          <ol className="pin-steps">
            <li>{t('pass.pinFirst')} <strong className="num">{data.code.typeFirst} #</strong></li>
            <li>{t('pass.pinThen')} <strong className="num pin-code">{data.code.pin} #</strong></li>
          </ol>
          {data.pass !== null && <QrCode text={data.pass.text} name={t('pass.code', { label })} />}
          <p className="small quiet">{t('shared.careful')}</p>
        </section>
      )}
      {good && data.role === 'receiver' && <Delegates secret={secret} delegates={data.delegates} onChanged={reload} />}
      {data.stage === 'stored' && !good && data.role === 'receiver' && <NewCode lockerId={data.locker.id} />}
    </Page>
  );
}
