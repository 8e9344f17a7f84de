import { useRef, useState, type FormEvent } from 'react';
import { DoorOpen, PhoneOff } from 'lucide-react';
import { Intent } from '../../api/intent';
import { keypad, type Mine } from '../../api/keypad';
import type { BankAtSite, Command } from '../../api/types';
import { Button } from '../../parts/Button';
import { Chips } from '../../parts/Chips';
import { Field } from '../../parts/Field';
import { ofCommand, released } from '../../parts/orderWords';
import { type Said, Talk } from '../../parts/Talk';
import { Trouble } from '../../parts/Trouble';
import { useDeed } from '../../parts/useDeed';
import { t } from '../../text/t';

interface HaveProps { bank: BankAtSite; number: string; onNumber: (number: string) => void; reload: () => void }

/** Phone number, then one's lockers, then the code: it opens, or gives back. The code is compared at the server only. */
export function HaveLocker({ bank, number, onNumber, reload }: HaveProps) {
  const [mine, setMine] = useState<Mine[] | null>(null);
  const [picked, setPicked] = useState<string | null>(null);
  const [code, setCode] = useState('');
  const [command, setCommand] = useState<Command | null>(null);
  const [back, setBack] = useState<string | null>(null);
  const { busy, problem, forget, run } = useDeed<'find' | 'open' | 'back'>();
  const opening = useRef(new Intent());
  const returning = useRef(new Intent());
  const locker = mine?.find((each) => each.id === picked) ?? mine?.[0];

  const find = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBack(null);
    await run('find', async () => {
      setMine((await keypad.mine(bank.id, number)).items);
      setPicked(null);
      setCode('');
      setCommand(null);
    });
  };
  const open = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (locker === undefined) return;
    setCommand(null);
    await run('open', async () => setCommand(await opening.current.run((key) => keypad.open(locker.id, { number, code }, key), `${locker.id} ${number} ${code}`)));
  };
  const giveBack = async (): Promise<void> => {
    if (locker === undefined) return;
    const done = await run('back', async () => { await returning.current.run((key) => keypad.giveBack(locker.id, { number, code }, key), `${locker.id} ${number} ${code}`); });
    if (!done) return;
    setBack(locker.locker);
    setMine(null);
    setCode('');
    setCommand(null);
    reload();
  };

  if (back !== null) {
    return <Talk said={{ mood: 'good', title: t('keypad.givenBack', { label: back }), text: t('keypad.givenBackText') }} />;
  }
  if (mine === null || mine.length === 0) {
    return (
      <>
        {problem !== null && <Trouble problem={problem} />}
        <form className="keypad-form" onSubmit={(event) => void find(event)} noValidate>
          <Field label={t('keypad.phone')} hint={t('keypad.phoneYours')} type="tel" autoComplete="tel" maxLength={40} value={number} onChange={(event) => { onNumber(event.target.value); setMine(null); }} />
          <Button type="submit" look="primary" wide busy={busy === 'find'}>{t('keypad.find')}</Button>
        </form>
        {mine !== null && <div className="empty" role="status"><PhoneOff size={32} aria-hidden="true" /><p className="empty-title">{t('keypad.mineNone')}</p><p className="quiet">{t('keypad.mineNoneText')}</p></div>}
      </>
    );
  }
  const label = locker?.locker ?? '';
  return (
    <>
      <h2>{t('keypad.mine')}</h2>
      <Chips label={t('keypad.mine')} value={locker?.id ?? ''} onChoose={(next) => { setPicked(next); setCode(''); setCommand(null); forget(); }} chips={mine.map((each) => ({ value: each.id, text: `${each.locker} · ${each.size}` }))} />
      {problem !== null && <Trouble problem={problem} />}
      {command !== null && <Talk said={say(command, label)} icons={{ good: DoorOpen }} />}
      <form className="keypad-form" onSubmit={(event) => void open(event)} noValidate>
        <Field label={t('keypad.code', { digits: bank.codeDigits })} type="password" inputMode="numeric" autoComplete="one-time-code" maxLength={bank.codeDigits} value={code} onChange={(event) => setCode(event.target.value.replace(/\D/g, ''))} />
        <Button type="submit" look="primary" wide busy={busy === 'open'} disabled={code.length !== bank.codeDigits} icon={<DoorOpen size={22} aria-hidden="true" />}>{busy === 'open' ? t('keypad.opening') : t('keypad.openDoor', { label })}</Button>
        <Button wide busy={busy === 'back'} disabled={code.length !== bank.codeDigits} onClick={() => void giveBack()}>{t('keypad.giveBack', { label })}</Button>
      </form>
    </>
  );
}

/** What became of the order: open only where the door was seen open, and failed only where it is known to have failed. */
function say(command: Command, label: string): Said {
  if (command.state === 'opened') return { mood: 'good', title: t('keypad.opened', { label }), text: t('keypad.openedText') };
  const other = command.state === 'not-opened' ? null : released(command, label) ?? ofCommand(command, false, label);
  return other ?? { mood: 'warn', title: t('keypad.notOpened', { label }), text: t('keypad.notOpenedText') };
}
