import { useState } from 'react';
import { accounts, type SentCode, type Step } from '../../api/accounts';
import type { Session } from '../../api/types';
import { Button } from '../../parts/Button';
import { Field } from '../../parts/Field';
import { Trouble } from '../../parts/Trouble';
import { currentLanguage, t } from '../../text/t';
import { AddressField, addressOf, codeOf } from './AddressField';
import { SentCodeField } from './SentCodeField';
import { mistake, useForm } from './useForm';

export function ForgotForm({ onIn }: { onIn: (answer: Session | Step) => void }) {
  const { form, busy, problem, errors, submit } = useForm();
  const [address, setAddress] = useState('');
  const [sent, setSent] = useState<SentCode | null>(null);
  const [code, setCode] = useState('');
  const [password, setPassword] = useState('');

  const act = submit(async () => {
    if (sent === null) return setSent(await accounts.sendCode('reset', addressOf(address), currentLanguage()));
    if (password.length < 10) throw mistake({ password: t('field.passwordShort') })!;
    onIn(await accounts.reset({ challenge: sent.challenge, code: codeOf(code), password }));
  });

  return (
    <form ref={form} className="panel" noValidate onSubmit={act}>
      {problem !== null && Object.keys(errors).length === 0 && <Trouble problem={problem} />}
      {sent === null
        ? <AddressField value={address} errors={errors} onChange={setAddress} />
        : (
          <>
            <SentCodeField purpose="reset" address={address} sent={sent} value={code} errors={errors.code} onChange={setCode} onSent={setSent} />
            <Field
              label={t('field.newPassword')} name="password" type="password" autoComplete="new-password" required maxLength={128} hint={t('field.passwordHint')}
              value={password} errors={errors.password} onChange={(event) => setPassword(event.target.value)}
            />
          </>
        )}
      <Button type="submit" look="primary" wide busy={busy}>{sent === null ? t('code.send') : t('entry.forgotDo')}</Button>
      {sent !== null && <Button look="text" onClick={() => setSent(null)}>{t('code.otherAddress')}</Button>}
    </form>
  );
}
