import { useState } from 'react';
import { accounts, type SentCode, type Step } from '../../api/accounts';
import type { Session } from '../../api/types';
import { Button } from '../../parts/Button';
import { Field } from '../../parts/Field';
import { Trouble } from '../../parts/Trouble';
import { currentLanguage, t } from '../../text/t';
import { AddressField, addressOf, codeOf } from './AddressField';
import { SentCodeField } from './SentCodeField';
import { useForm } from './useForm';

/** With a password, or with a code for those who have none or would rather not type it here. */
export function LogInForm({ onIn }: { onIn: (answer: Session | Step) => void }) {
  const { form, busy, problem, errors, submit } = useForm();
  const [address, setAddress] = useState('');
  const [password, setPassword] = useState('');
  const [byCode, setByCode] = useState(false);
  const [sent, setSent] = useState<SentCode | null>(null);
  const [code, setCode] = useState('');

  const act = submit(async () => {
    if (!byCode) onIn(await accounts.logIn(addressOf(address), password));
    else if (sent === null) setSent(await accounts.sendCode('sign-in', addressOf(address), currentLanguage()));
    else onIn(await accounts.logInWithCode({ challenge: sent.challenge, code: codeOf(code) }));
  });

  return (
    <form ref={form} className="panel" noValidate onSubmit={act}>
      {problem !== null && Object.keys(errors).length === 0 && <Trouble problem={problem} />}
      {sent === null && <AddressField value={address} errors={errors} onChange={setAddress} />}
      {!byCode && (
        <Field
          label={t('field.password')} name="password" type="password" autoComplete="current-password" required maxLength={128}
          value={password} errors={errors.password} onChange={(event) => setPassword(event.target.value)}
        />
      )}
      {sent !== null && <SentCodeField purpose="sign-in" address={address} sent={sent} value={code} errors={errors.code} onChange={setCode} onSent={setSent} />}
      <Button type="submit" look="primary" wide busy={busy}>{byCode && sent === null ? t('code.send') : t('entry.loginDo')}</Button>
      {sent === null
        ? <Button look="text" onClick={() => setByCode(!byCode)}>{byCode ? t('entry.withPassword') : t('entry.withCode')}</Button>
        : <Button look="text" onClick={() => setSent(null)}>{t('code.otherAddress')}</Button>}
    </form>
  );
}
