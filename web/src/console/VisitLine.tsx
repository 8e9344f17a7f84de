import { useRef, useState, type FormEvent } from 'react';
import { Intent } from '../api/intent';
import { endReasons, visits, type EndReason, type Visit } from '../api/visits';
import { money } from '../format/money';
import { Button } from '../parts/Button';
import { Field } from '../parts/Field';
import { Trouble } from '../parts/Trouble';
import { useDeed } from '../parts/useDeed';
import { t } from '../text/t';
import { facts, likely, warning } from './visitWords';

interface VisitLineProps { visit: Visit; timeZone: string; closed: boolean; desk: boolean; onDone: (said: string) => void }

/** One visit, and what staff can do about it: take its money, end it, give it another card. */
export function VisitLine({ visit, timeZone, closed, desk, onDone }: VisitLineProps) {
  const [doing, setDoing] = useState<'end' | 'card' | 'pay' | null>(null);
  const [reason, setReason] = useState<EndReason>(likely(visit, closed));
  const [card, setCard] = useState('');
  const { busy, problem, run } = useDeed<'deed' | 'cash' | 'card'>();
  const intent = useRef(new Intent());
  const label = visit.locker;
  const warn = warning(visit, timeZone);
  const end = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    await run('deed', async () => {
      const ended = await intent.current.run((key) => visits.end(visit.id, reason, key), `end ${reason}`);
      onDone(t('visits.ended', { label, amount: money(ended.charged) }));
    });
  };
  const take = async (by: 'cash' | 'card'): Promise<void> => {
    await run(by, async () => {
      const taken = await intent.current.run((key) => visits.takePayment(visit.id, by, visit.due.minor, key), `${by} ${visit.due.minor}`);
      setDoing(null);
      onDone(t('visits.taken', { label, amount: money(taken.amount) }));
    });
  };
  const replace = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    await run('deed', async () => {
      await visits.newCard(visit.id, card.replace(/[\s:]/g, ''));
      setDoing(null);
      onDone(t('visits.carded', { label }));
    });
  };
  const errors = problem?.errors?.['card'];
  return (
    <li>
      <span className="rows-what">
        <strong>{t('visits.locker', { label })}</strong>
        {warn !== null && <strong className="visit-warn">{warn}</strong>}
        <span className="small quiet num">{facts(visit, timeZone).join(' · ')}</span>
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
