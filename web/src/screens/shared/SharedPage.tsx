import { useRef, useState } from 'react';
import { CircleCheck, CloudOff, DoorOpen, Link2Off } from 'lucide-react';
import { Intent } from '../../api/intent';
import { shares, type Shared } from '../../api/shares';
import { useResource } from '../../api/useResource';
import { Page } from '../../app/Page';
import { addressOf } from '../../format/address';
import { day } from '../../format/time';
import { Button, ButtonLink } from '../../parts/Button';
import { Door } from '../../parts/Door';
import { QrCode } from '../../parts/QrCode';
import { Skeleton } from '../../parts/Skeleton';
import { isUnderWay, ofCommand } from '../../parts/orderWords';
import { type Said, Talk } from '../../parts/Talk';
import { Trouble } from '../../parts/Trouble';
import { useDeed } from '../../parts/useDeed';
import { useFollowed } from '../../parts/useFollowed';
import { t } from '../../text/t';
import '../lease/pass/PassPanel.css';
import './SharedPage.css';

/** A locker that somebody else shares: for whoever has the link, without an account. What stands behind the # is the right itself and never leaves in an address. */
export function SharedPage() {
  const [secret] = useState(() => location.hash.slice(1));
  const { data, problem, reload, again, put } = useResource(`shared/${secret}`, (signal) => shares.look(secret, signal));
  const { busy, problem: failed, run } = useDeed();
  const intent = useRef(new Intent());
  const underWay = busy !== null || isUnderWay(data?.command ?? null);
  const good = data?.state === 'good';
  // Nobody without an account has a live feed: who waits for a door looks often, who only keeps the page open seldom.
  useFollowed(true, again, underWay || data?.door === 'open' ? 2_000 : 10_000);

  const open = async (): Promise<void> => {
    await run('deed', async () => {
      const command = await intent.current.run((key) => shares.open(secret, key));
      put((known) => ({ ...known, command }));
    });
    reload();
  };

  if (data === null) {
    if (problem?.code === 'share-unknown') {
      return <Page title={t('shared.title')} className="narrow stack"><div className="gone panel"><Link2Off size={28} aria-hidden="true" /><h2>{t('shared.unknown')}</h2><p className="quiet">{t('shared.unknownText')}</p></div></Page>;
    }
    return <Page title={t('shared.title')} className="narrow stack">{problem === null ? <Skeleton rows={3} height={120} /> : <Trouble problem={problem} retry={reload} />}</Page>;
  }
  const { locker: label, site } = data;
  const saying = say(data, busy !== null);
  return (
    <Page title={t('lease.title', { label })} className="narrow stack">
      <p className="quiet">{t('shared.by', { name: data.sharedBy })}<br />{t('lease.where', { site: site.name, bank: data.bank.name })}<br />{addressOf(site)}</p>
      <div className="shared-door"><Door label={label} size={data.size} look={good ? 'yours' : 'taken'} open={data.door === 'open'} /></div>
      <Talk said={saying} icons={{ over: Link2Off }} />
      {failed !== null && <Trouble problem={failed} />}
      {problem !== null && <Trouble problem={problem} retry={reload} />}
      {good && (
        <Button look="primary" wide busy={underWay} icon={<DoorOpen size={22} aria-hidden="true" />} onClick={() => void open()}>{underWay ? t('talk.openingShort') : t('talk.openDoor', { label })}</Button>
      )}
      {data.code !== null && data.pass !== null && (
        <section className="panel pass-panel" aria-labelledby="shared-ways">
          <h2 id="shared-ways">{t('shared.ways')}</h2>
          <p className="pass-ready" data-ready={data.ready}>
            {data.ready ? <CircleCheck size={20} aria-hidden="true" /> : <CloudOff size={20} aria-hidden="true" />}<span>{data.ready ? t('shared.ready') : t('shared.notReady')}</span>
          </p>
          <ol className="pin-steps">
            <li>{t('pass.pinFirst')} <strong className="num">{data.code.typeFirst} #</strong></li>
            <li>{t('pass.pinThen')} <strong className="num pin-code">{data.code.pin} #</strong></li>
          </ol>
          <QrCode text={data.pass.text} name={t('pass.code', { label })} />
          <p className="small quiet">{t('pass.validUntil', { time: day(data.pass.validUntil, site.timeZone) })}. {t('shared.careful')}</p>
        </section>
      )}
      {!good && data.state !== 'waiting' && <ButtonLink href="/">{t('shared.own')}</ButtonLink>}
    </Page>
  );
}

function say({ state, once, from, until, locker: label, door, command, site: { timeZone } }: Shared, asking: boolean): Said {
  if (door === 'open') return { mood: 'good', title: t('talk.open', { label }), text: t('shared.close') };
  switch (state) {
    case 'waiting': return { mood: 'waiting', title: t('shared.waiting'), text: t('shared.waitingText', { time: day(from, timeZone) }) };
    case 'used': return { mood: 'over', title: t('shared.used'), text: t('shared.usedText') };
    case 'expired': return { mood: 'over', title: t('shared.expired'), text: t('shared.askAgain') };
    case 'taken-back': return { mood: 'over', title: t('shared.takenBack'), text: t('shared.askAgain') };
    case 'rental-over': return { mood: 'over', title: t('shared.over'), text: t('shared.overText') };
    case 'good':
  }
  return ofCommand(command, asking, label) ?? { mood: 'calm', title: once ? t('shared.mayOnce') : t('shared.may'), text: until === null ? t('shared.mayRental') : t('shared.mayUntil', { time: day(until, timeZone) }) };
}
