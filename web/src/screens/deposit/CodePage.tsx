import { useRef, useState } from 'react';
import { DoorOpen } from 'lucide-react';
import { deposits } from '../../api/deposits';
import { api } from '../../api/endpoints';
import { Intent } from '../../api/intent';
import type { Command } from '../../api/types';
import { useResource } from '../../api/useResource';
import { Page } from '../../app/Page';
import { toCheckout } from '../../app/router';
import { addressOf } from '../../format/address';
import { Button } from '../../parts/Button';
import { Field } from '../../parts/Field';
import { ofCommand, released } from '../../parts/orderWords';
import { Skeleton } from '../../parts/Skeleton';
import { type Said, Talk } from '../../parts/Talk';
import { Trouble } from '../../parts/Trouble';
import { t } from '../../text/t';
import { codeOf } from '../entry/AddressField';
import { useForm } from '../entry/useForm';
import { Missing } from '../missing/Missing';
import { NewCode } from './NewCode';
import './Deposit.css';

/** Before one locker, with the code and without the link. What was typed survives the way to the checkout and back. */
export function CodePage({ lockerId }: { lockerId: string }) {
  const { data: locker, problem: unread, reload } = useResource(`locker/${lockerId}`, (signal) => api.locker(lockerId, signal));
  const { form, busy, problem, errors, submit } = useForm();
  const [code, setCode] = useState(() => (sessionStorage.getItem('collect-locker') === lockerId ? sessionStorage.getItem('collect-code') ?? '' : ''));
  const [command, setCommand] = useState<Command | null>(null);
  const intent = useRef(new Intent());

  if (locker === null) {
    if (unread?.status === 404) return <Missing />;
    return <Page title={t('collect.title')} className="narrow stack">{unread === null ? <Skeleton rows={2} height={120} /> : <Trouble problem={unread} retry={reload} />}</Page>;
  }
  const { label } = locker;
  const deed = async (): Promise<void> => {
    const typed = codeOf(code);
    const opening = await intent.current.run((key) => deposits.collectWithCode(lockerId, typed, key), typed);
    if (opening.payment?.checkoutUrl) {
      sessionStorage.setItem('collect-locker', lockerId);
      sessionStorage.setItem('collect-code', typed);
      sessionStorage.removeItem('collect');
      return toCheckout(opening.payment.checkoutUrl);
    }
    setCommand(opening.command);
    sessionStorage.removeItem('collect-locker');
    sessionStorage.removeItem('collect-code');
  };
  const said: Said | null = command?.state === 'opened' ? { mood: 'good', title: t('talk.open', { label }), text: t('collect.openText') } : released(command, label) ?? ofCommand(command, busy, label);
  const done = said?.mood === 'good';
  return (
    <Page title={t('collect.withCode', { label })} className="narrow stack">
      <p className="quiet">{t('lease.where', { site: locker.point, bank: locker.bank })}<br />{addressOf(locker)}</p>
      {said !== null && <Talk said={said} />}
      {!done && (
        <>
          <form ref={form} className="stack" noValidate onSubmit={submit(deed)}>
            <Field
              label={t('collect.code')} name="code" value={code} errors={errors['code']} hint={t('collect.codeHint')} inputMode="numeric" autoComplete="one-time-code" maxLength={12} required
              onChange={(event) => setCode(event.target.value)}
            />
            {problem !== null && errors['code'] === undefined && <Trouble problem={problem} />}
            <Button type="submit" look="primary" wide busy={busy} icon={<DoorOpen size={22} aria-hidden="true" />}>{t('collect.deed', { label })}</Button>
          </form>
          <NewCode lockerId={lockerId} />
        </>
      )}
    </Page>
  );
}
