import { useRef, useState } from 'react';
import { Banknote, CircleCheck } from 'lucide-react';
import { atWork, type DeskPayment, type DeskRefund, type SiteAtWork } from '../api/console';
import { Intent } from '../api/intent';
import { asProblem } from '../api/problem';
import { useResource } from '../api/useResource';
import { money } from '../format/money';
import { clock, dateTime } from '../format/time';
import { useLive } from '../live/useLive';
import { Button } from '../parts/Button';
import { Confirm } from '../parts/Confirm';
import { Facts } from '../parts/Facts';
import { Field } from '../parts/Field';
import { Skeleton } from '../parts/Skeleton';
import { Trouble } from '../parts/Trouble';
import { useDeed } from '../parts/useDeed';
import { mistake, useForm } from '../screens/entry/useForm';
import { coded, t, tn } from '../text/t';
import { Heading } from './Heading';

/** Money that goes over the counter: what somebody who holds a locker pays, and what is to be given back. */
export function DeskPage({ site }: { site: SiteAtWork }) {
  const [said, setSaid] = useState('');
  return (
    <div className="console-page">
      <Heading title={t('console.desk')} />
      <p role="status" className="small">{said}</p>
      <div className="desk">
        <section className="stack" aria-labelledby="desk-take">
          <h2 id="desk-take">{t('desk.take')}</h2>
          {site.desk ? <Take timeZone={site.timeZone} onSaid={setSaid} /> : <p className="quiet">{t('desk.noDesk')}</p>}
        </section>
        <section className="stack" aria-labelledby="desk-back">
          <h2 id="desk-back">{t('desk.back')}</h2>
          <GiveBack site={site} onSaid={setSaid} />
        </section>
      </div>
    </div>
  );
}

/** The code first, then what it stands for, then the money: nobody takes what nobody has looked up. */
function Take({ timeZone, onSaid }: { timeZone: string; onSaid: (said: string) => void }) {
  const [code, setCode] = useState('');
  const [found, setFound] = useState<DeskPayment | null>(null);
  const { form, busy, problem, errors, submit } = useForm();
  const { busy: taking, problem: refused, run, forget } = useDeed<'cash' | 'card'>();
  const intent = useRef(new Intent());
  const plain = code.replace(/[\s-]/g, '').toUpperCase();
  const lookUp = async (): Promise<void> => {
    onSaid('');
    const short = mistake(plain.length < 6 ? { code: t('desk.codeShort') } : {});
    if (short !== null) throw short;
    try {
      setFound(await atWork.deskPayment(plain));
    } catch (error) {
      throw asProblem(error).status === 404 ? mistake({ code: t('desk.codeUnknown') }) : error;
    }
  };
  const again = (): void => {
    setFound(null);
    setCode('');
    forget();
  };
  const take = (by: 'cash' | 'card'): void => void run(by, async () => {
    const taken = await intent.current.run((key) => atWork.takeAtDesk(plain, by, key), `${by} ${plain}`);
    again();
    onSaid(t('desk.taken', { amount: money(taken.amount), label: taken.lockerLabel }));
  });
  if (found === null) {
    return (
      <form ref={form} className="desk-code panel stack" onSubmit={submit(lookUp)} noValidate>
        <Field label={t('desk.code')} hint={t('desk.codeHint')} value={code} onChange={(event) => setCode(event.target.value)} errors={errors['code']} autoComplete="off" autoCapitalize="characters" spellCheck={false} maxLength={14} />
        {problem !== null && errors['code'] === undefined && <Trouble problem={problem} />}
        <Button type="submit" look="primary" wide busy={busy}>{t('desk.look')}</Button>
      </form>
    );
  }
  const open = found.state === 'pending';
  return (
    <div className="panel stack">
      <p className="desk-amount num">{money(found.amount)}</p>
      <Facts rows={[[t('desk.locker'), found.lockerLabel], [t('desk.hours'), tn('book.nHours', found.hours)], [t('desk.until'), clock(found.holdUntil, timeZone)]]} />
      {refused !== null && <Trouble problem={refused} />}
      {open ? (
        <>
          <Button look="primary" wide busy={taking === 'cash'} disabled={taking !== null} onClick={() => take('cash')}>{t('desk.cash')}</Button>
          <Button wide busy={taking === 'card'} disabled={taking !== null} onClick={() => take('card')}>{t('desk.card')}</Button>
        </>
      ) : <p role="status">{found.state === 'voided' ? t('desk.over') : t('desk.already')}</p>}
      <Button look="text" disabled={taking !== null} onClick={again}>{t('desk.another')}</Button>
    </div>
  );
}

function GiveBack({ site, onSaid }: { site: SiteAtWork; onSaid: (said: string) => void }) {
  const { data, problem, reload } = useResource(`desk/${site.id}`, (signal) => atWork.refunds(site.id, signal));
  const [chosen, setChosen] = useState<DeskRefund | null>(null);
  const { busy, problem: failed, run } = useDeed();
  const intent = useRef(new Intent());
  useLive({ floors: [site.id] }, (heard) => {
    if (heard.event === 'resync' || (heard.event === 'floor' && /^(lease|payment|desk)-/.test(heard.what))) reload();
  });
  const handOut = (refund: DeskRefund): void => void run('deed', async () => {
    await intent.current.run((key) => atWork.handOut(refund.orderId, key), refund.orderId);
    onSaid(t('desk.handedOut', { amount: money(refund.amount), label: refund.lockerLabel }));
  }).then(() => {
    setChosen(null);
    reload();
  });
  if (data === null) return problem === null ? <Skeleton rows={2} height={72} /> : <Trouble problem={problem} retry={reload} />;
  return (
    <>
      {failed !== null && <Trouble problem={failed} />}
      {data.items.length === 0 ? (
        <div className="empty"><CircleCheck size={32} aria-hidden="true" /><p className="empty-title">{t('desk.backNone')}</p><p className="quiet">{t('desk.backNoneText')}</p></div>
      ) : (
        <ul className="desk-backs">
          {data.items.map((refund) => (
            <li key={refund.orderId}>
              <span>
                <strong className="num">{money(refund.amount)}</strong>
                <span className="small quiet num">{[t('desk.lockerOf', { label: refund.lockerLabel }), ...(refund.receiptNumber === null ? [] : [refund.receiptNumber]), dateTime(refund.since, site.timeZone)].join(' · ')}</span>
                {refund.reason !== null && <span className="small desk-why">{t('desk.returned', { method: refund.method === null ? t('desk.aCard') : coded('receipt.method', refund.method) })}</span>}
              </span>
              <Button icon={<Banknote size={18} aria-hidden="true" />} aria-label={t('desk.handOutOf', { amount: money(refund.amount), label: refund.lockerLabel })} onClick={() => setChosen(refund)}>{t('desk.handOut')}</Button>
            </li>
          ))}
        </ul>
      )}
      {chosen !== null && (
        <Confirm title={t('desk.handOutTitle', { amount: money(chosen.amount) })} deed={t('desk.handOutDeed', { amount: money(chosen.amount) })} busy={busy !== null} onDeed={() => handOut(chosen)} onClose={() => setChosen(null)}>
          <p>{t('desk.handOutText')}</p>
          {chosen.reason !== null && <p className="quiet">{t('desk.handOutReturned')}</p>}
        </Confirm>
      )}
    </>
  );
}
