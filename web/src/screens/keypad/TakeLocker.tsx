import { useEffect, useRef, useState, type FormEvent } from 'react';
import { Check, CloudOff, Lock } from 'lucide-react';
import { Intent } from '../../api/intent';
import { keypad, type Taken } from '../../api/keypad';
import type { BankAtSite } from '../../api/types';
import { Button } from '../../parts/Button';
import { CabinetFront } from '../../parts/CabinetFront';
import { Field } from '../../parts/Field';
import { type Said, Talk } from '../../parts/Talk';
import { Trouble } from '../../parts/Trouble';
import { useDeed } from '../../parts/useDeed';
import { currentLanguage, t } from '../../text/t';

interface TakeProps { bank: BankAtSite; number: string; onNumber: (number: string) => void; reload: () => void; onOpen: () => void }

/** Chooses a free locker; it is theirs when the bank has said so. */
export function TakeLocker({ bank, number, onNumber, reload, onOpen }: TakeProps) {
  const [picked, setPicked] = useState<string | null>(null);
  const [taken, setTaken] = useState<Taken | null>(null);
  const { busy, problem, run } = useDeed();
  const intent = useRef(new Intent());
  const waiting = taken?.state === 'held' ? taken.id : null;
  useEffect(() => {
    if (waiting === null) return;
    const ask = (): void => void keypad.taken(waiting).then(setTaken, () => undefined);
    const timer = setInterval(ask, 700);
    return () => clearInterval(timer);
  }, [waiting]);

  if (taken !== null) return <Outcome taken={taken} onOpen={onOpen} onAgain={() => { setTaken(null); setPicked(null); reload(); }} />;
  if (bank.online === false) return <div className="empty"><CloudOff size={32} aria-hidden="true" /><p className="empty-title">{t('keypad.offline')}</p><p className="quiet">{t('keypad.offlineText')}</p></div>;
  const free = bank.lockers.filter((locker) => locker.availability === 'free');
  if (free.length === 0) return <div className="empty"><Lock size={32} aria-hidden="true" /><p className="empty-title">{t('keypad.none')}</p><p className="quiet">{t('keypad.noneText')}</p></div>;

  const locker = free.find((each) => each.id === picked);
  const take = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (locker === undefined) return;
    await run('deed', async () => setTaken(await intent.current.run((key) => keypad.take(bank.id, { lockerId: locker.id, phone: number, language: currentLanguage() }, key))));
    reload();
  };
  const errors = problem?.errors?.['phone'];
  return (
    <>
      <h2>{t('keypad.choose')}</h2>
      <CabinetFront
        name={t('keypad.doors', { bank: bank.name })} columns={bank.columns} onDoor={setPicked}
        doors={bank.lockers.map((each) => {
          const isFree = each.availability === 'free';
          const word = isFree ? t('keypad.free') : t('keypad.takenDoor');
          return {
            ...each, look: isFree ? 'free' : 'taken', open: false, selected: each.id === locker?.id, disabled: !isFree, word,
            icon: isFree ? <Check aria-hidden="true" /> : <Lock aria-hidden="true" />, name: t('door.name', { label: each.label, size: each.size, state: word }),
          };
        })}
      />
      {problem !== null && errors === undefined && <Trouble problem={problem} />}
      <form className="keypad-form" onSubmit={(event) => void take(event)} noValidate>
        <Field label={t('keypad.phone')} hint={t('keypad.phoneHint')} type="tel" autoComplete="tel" maxLength={40} value={number} onChange={(event) => onNumber(event.target.value)} errors={errors} />
        <Button type="submit" look="primary" wide busy={busy !== null} disabled={locker === undefined}>{locker === undefined ? t('keypad.sendNone') : t('keypad.send', { label: locker.label })}</Button>
      </form>
    </>
  );
}

function Outcome({ taken, onOpen, onAgain }: { taken: Taken; onOpen: () => void; onAgain: () => void }) {
  const label = taken.locker;
  const said: Said = taken.state === 'held' ? { mood: 'busy', title: t('keypad.asking', { label }), text: t('keypad.askingText') }
    : taken.state === 'active' ? { mood: 'good', title: t('keypad.taken', { label }), text: t('keypad.takenText', { digits: taken.codeDigits }) }
    : { mood: 'warn', title: t('keypad.lost', { label }), text: t('keypad.lostText') };
  return (
    <>
      <Talk said={said} />
      {taken.state === 'active' && <Button look="primary" wide onClick={onOpen}>{t('keypad.open')}</Button>}
      {taken.state !== 'active' && taken.state !== 'held' && <Button look="primary" wide onClick={onAgain}>{t('keypad.again')}</Button>}
    </>
  );
}
