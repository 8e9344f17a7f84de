import { useState } from 'react';
import { accounts, type SentCode } from '../../api/accounts';
import type { Session } from '../../api/types';
import { Button } from '../../parts/Button';
import { Field } from '../../parts/Field';
import { Trouble } from '../../parts/Trouble';
import { currentLanguage, t } from '../../text/t';
import { AddressField, addressOf, codeOf } from './AddressField';
import { SentCodeField } from './SentCodeField';
import { mistake, useForm } from './useForm';

/** First the address, which a code proves; then who it is. */
export function SignUpForm({ onIn }: { onIn: (session: Session) => void }) {
  const { form, busy, problem, errors, submit } = useForm();
  const [address, setAddress] = useState('');
  const [sent, setSent] = useState<SentCode | null>(null);
  const [code, setCode] = useState('');
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');

  const send = submit(async () => setSent(await accounts.sendCode('sign-up', addressOf(address), currentLanguage())));
  const create = submit(async () => {
    const early = mistake({
      ...(name.trim() === '' ? { name: t('field.nameMissing') } : {}), ...(password !== '' && password.length < 10 ? { password: t('field.passwordShort') } : {}),
    });
    if (early !== null) throw early;
    onIn(await accounts.signUp({ challenge: sent?.challenge ?? '', code: codeOf(code), name: name.trim(), password: password === '' ? null : password, language: currentLanguage() }));
  });

  const beside = Object.keys(errors).length > 0;
  if (sent === null) {
    return (
      <form ref={form} className="panel" noValidate onSubmit={send}>
        {problem !== null && !beside && <Trouble problem={problem} />}
        <AddressField value={address} errors={errors} onChange={setAddress} />
        <Button type="submit" look="primary" wide busy={busy}>{t('code.send')}</Button>
      </form>
    );
  }
  return (
    <form ref={form} className="panel" noValidate onSubmit={create}>
      {problem !== null && !beside && <Trouble problem={problem} />}
      <SentCodeField purpose="sign-up" address={address} sent={sent} value={code} errors={errors.code} onChange={setCode} onSent={setSent} />
      <Field label={t('field.name')} name="name" autoComplete="name" maxLength={80} required value={name} errors={errors.name} onChange={(event) => setName(event.target.value)} />
      <Field
        label={t('field.password')} name="password" type="password" autoComplete="new-password" maxLength={128} hint={t('field.passwordChoice')}
        value={password} errors={errors.password} onChange={(event) => setPassword(event.target.value)}
      />
      <Button type="submit" look="primary" wide busy={busy}>{t('entry.signupDo')}</Button>
      <Button look="text" onClick={() => setSent(null)}>{t('code.otherAddress')}</Button>
    </form>
  );
}
