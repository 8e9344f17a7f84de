import { useRef, useState, type FormEvent } from 'react';
import { IdCard, Users } from 'lucide-react';
import { Intent } from '../../api/intent';
import { endReasons, keypad, type EndReason, type Tap, type Visit } from '../../api/keypad';
import { useResource } from '../../api/useResource';
import { Page } from '../../app/Page';
import { money } from '../../format/money';
import { dateTime } from '../../format/time';
import type { Heard } from '../../live/page';
import { useLive } from '../../live/useLive';
import { Button } from '../../parts/Button';
import { Chips } from '../../parts/Chips';
import { Field } from '../../parts/Field';
import { More } from '../../parts/More';
import { Skeleton } from '../../parts/Skeleton';
import { Trouble } from '../../parts/Trouble';
import { useDeed } from '../../parts/useDeed';
import { usePages } from '../../parts/usePages';
import { coded, t } from '../../text/t';
import './UndeliveredPage.css';

/** Somebody came, went, stands at the exit, has paid or has another card. */
const aboutVisits = (heard: Heard): boolean => heard.event === 'resync' || (heard.event === 'floor' && /^(visit|desk)-/.test(heard.what));

/** Who is still in, at closing time above all; and who came and went. */
export function VisitsPage({ siteId, timeZone }: { siteId: string; timeZone: string }) {
  const [which, setWhich] = useState<'now' | 'taps'>('now');
  const { data, problem, reload } = useResource(`visits/${siteId}`, (signal) => keypad.visits(siteId, signal));
  const [said, setSaid] = useState<string | null>(null);
  useLive({ floors: [siteId] }, (heard) => { if (aboutVisits(heard)) reload(); });
  return (
    <Page title={data === null ? t('visits.now') : t('visits.title', { site: data.site })} className="middle stack">
      <Chips label={t('visits.which')} value={which} onChoose={setWhich} chips={[{ value: 'now', text: t('visits.now') }, { value: 'taps', text: t('visits.taps') }]} />
      {problem !== null && <Trouble problem={problem} retry={reload} />}
      {data === null && problem === null && <Skeleton rows={3} height={96} />}
      {said !== null && <p role="status">{said}</p>}
      {which === 'taps' ? <Taps siteId={siteId} timeZone={timeZone} /> : data !== null && (
        <>
          {data.closed && data.items.length > 0 && <p role="status"><strong>{t('visits.closed')}</strong></p>}
          {data.items.length === 0
            ? <div className="empty"><Users size={32} aria-hidden="true" /><p className="empty-title">{t('visits.none')}</p><p className="quiet">{t('visits.noneText')}</p></div>
            : <ul className="undelivered">{data.items.map((visit) => <VisitLine key={visit.id} visit={visit} timeZone={timeZone} closed={data.closed} desk={data.desk} onDone={(words) => { setSaid(words); reload(); }} />)}</ul>}
        </>
      )}
    </Page>
  );
}

function VisitLine({ visit, timeZone, closed, desk, onDone }: { visit: Visit; timeZone: string; closed: boolean; desk: boolean; onDone: (said: string) => void }) {
  const [doing, setDoing] = useState<'end' | 'card' | 'pay' | null>(null);
  const [reason, setReason] = useState<EndReason>(visit.leftAt !== null ? 'left' : visit.called === 'not-empty' ? 'left-behind' : visit.called === 'door-open' ? 'left-open' : closed ? 'closing' : 'other');
  const [card, setCard] = useState('');
  const { busy, problem, run } = useDeed<'deed' | 'cash' | 'card'>();
  const intent = useRef(new Intent());
  const label = visit.locker;
  const warn = visit.leftAt !== null ? t('visits.left', { time: dateTime(visit.leftAt, timeZone) }) : visit.called === 'door-open' ? t('visits.calledOpen') : visit.called === 'not-empty' ? t('visits.calledFull') : visit.called === 'pay' && visit.due.minor > 0 ? t('visits.calledPay', { amount: money(visit.due) }) : null;
  const end = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    await run('deed', async () => {
      const ended = await intent.current.run((key) => keypad.endVisit(visit.id, reason, key), `end ${reason}`);
      onDone(t('visits.ended', { label, amount: money(ended.charged) }));
    });
  };
  const take = async (by: 'cash' | 'card'): Promise<void> => {
    await run(by, async () => {
      const taken = await intent.current.run((key) => keypad.takePayment(visit.id, by, visit.due.minor, key), `${by} ${visit.due.minor}`);
      setDoing(null);
      onDone(t('visits.taken', { label, amount: money(taken.amount) }));
    });
  };
  const replace = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    await run('deed', async () => {
      await keypad.newCard(visit.id, card.replace(/[\s:]/g, ''));
      setDoing(null);
      onDone(t('visits.carded', { label }));
    });
  };
  const errors = problem?.errors?.['card'];
  return (
    <li>
      <span className="undelivered-what">
        <strong>{t('visits.locker', { label })}</strong>
        {warn !== null && <strong className="visit-warn">{warn}</strong>}
        <span className="small quiet num">{[visit.bank, t('visits.card', { card: visit.card }), t('visits.since', { time: dateTime(visit.since, timeZone) }), ...(visit.owed.minor > 0 ? [t('visits.owes', { amount: money(visit.owed) })] : []), ...(visit.owed.minor > visit.due.minor ? [t('visits.paid', { amount: money({ ...visit.owed, minor: visit.owed.minor - visit.due.minor }) })] : []), ...(visit.online === false ? [t('visits.offline')] : [])].join(' · ')}</span>
      </span>
      {doing === null && (
        <>
          {desk && visit.due.minor > 0 && <Button look={visit.called === 'pay' ? 'primary' : 'plain'} aria-label={t('visits.takeOf', { label })} onClick={() => setDoing('pay')}>{t('visits.take')}</Button>}
          <Button aria-label={t('visits.endOf', { label })} onClick={() => setDoing('end')}>{t('visits.end')}</Button>
          <Button look="text" aria-label={t('visits.newCardOf', { label })} onClick={() => setDoing('card')}>{t('visits.newCard')}</Button>
        </>
      )}
      {problem !== null && errors === undefined && <Trouble problem={problem} />}
      {doing === 'pay' && (
        <div className="visit-form">
          <p className="small quiet">{t('visits.takeText', { amount: money(visit.due) })}</p>
          <Button look="primary" busy={busy === 'cash'} onClick={() => void take('cash')}>{t('visits.cash')}</Button>
          <Button busy={busy === 'card'} onClick={() => void take('card')}>{t('visits.byCard')}</Button>
          <Button look="text" onClick={() => setDoing(null)}>{t('visits.cancel')}</Button>
        </div>
      )}
      {doing === 'end' && (
        <form className="visit-form" onSubmit={(event) => void end(event)}>
          <div className="field">
            <label htmlFor={`why-${visit.id}`}>{t('visits.reason')}</label>
            <select id={`why-${visit.id}`} value={reason} onChange={(event) => setReason(event.target.value as EndReason)}>
              {endReasons.map((each) => <option key={each} value={each}>{t(`visits.reason.${each}`)}</option>)}
            </select>
          </div>
          <p className="small quiet">{t('visits.endText')}</p>
          <Button type="submit" look="primary" busy={busy !== null}>{t('visits.endNow')}</Button>
          <Button look="text" onClick={() => setDoing(null)}>{t('visits.cancel')}</Button>
        </form>
      )}
      {doing === 'card' && (
        <form className="visit-form" onSubmit={(event) => void replace(event)} noValidate>
          <Field label={t('visits.cardNumber')} value={card} onChange={(event) => setCard(event.target.value)} maxLength={32} spellCheck={false} autoComplete="off" errors={errors} />
          <Button type="submit" look="primary" busy={busy !== null}>{t('visits.cardSet')}</Button>
          <Button look="text" onClick={() => setDoing(null)}>{t('visits.cancel')}</Button>
        </form>
      )}
    </li>
  );
}

function Taps({ siteId, timeZone }: { siteId: string; timeZone: string }) {
  const [search, setSearch] = useState('');
  const wanted = search.replace(/[\s:]/g, '');
  const pages = usePages(`taps/${siteId}/${wanted}`, { keyOf: (tap: Tap) => `${tap.at}${tap.card}${tap.reader}`, read: (before, signal) => keypad.taps(siteId, wanted, before, signal) });
  const { first, items, problem, reload } = pages;
  useLive({ floors: [siteId] }, (heard) => { if (aboutVisits(heard)) reload(); });
  return (
    <>
      <Field label={t('visits.search')} value={search} onChange={(event) => setSearch(event.target.value)} maxLength={32} spellCheck={false} autoComplete="off" />
      {problem !== null && <Trouble problem={problem} retry={reload} />}
      {first !== null && items.length === 0 && <div className="empty"><IdCard size={32} aria-hidden="true" /><p className="empty-title">{t('visits.tapsNone')}</p></div>}
      {items.length > 0 && (
        <ul className="undelivered">
          {items.map((tap) => (
            <li key={`${tap.at}${tap.card}${tap.reader}`}>
              <span className="undelivered-what">
                <strong>{[t(`visits.way.${tap.way}`), coded('visits.said', tap.said), ...(tap.locker === null ? [] : [t('visits.locker', { label: tap.locker })])].join(' · ')}</strong>
                <span className="small quiet num">{[dateTime(tap.at, timeZone), tap.reader, t('visits.card', { card: tap.card }), ...(tap.charged === null || tap.charged.minor === 0 ? [] : [money(tap.charged)])].join(' · ')}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
      <More of={pages} text={t('visits.more')} />
    </>
  );
}
