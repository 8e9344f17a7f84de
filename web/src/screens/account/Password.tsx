import { useState } from 'react';
import { type Account, accounts } from '../../api/accounts';
import { Button } from '../../parts/Button';
import { Field } from '../../parts/Field';
import { Trouble } from '../../parts/Trouble';
import { t } from '../../text/t';
import { mistake, useForm } from '../entry/useForm';
import { usePresence } from './PresentPassword';

export function Password({ account, onChanged }: { account: Account; onChanged: () => void }) {
  const { form, busy, problem, errors, submit } = useForm();
  const presence = usePresence(account.hasPassword);
  const [password, setPassword] = useState('');
  const [saved, setSaved] = useState(false);

  const act = submit(async () => {
    setSaved(false);
    if (password.length < 10) throw mistake({ password: t('field.passwordShort') })!;
    await presence.proven(() => accounts.setPassword(password, presence.present));
    setPassword('');
    setSaved(true);
    onChanged();
  });

  return (
    <section className="panel" aria-labelledby="account-password">
      <h2 id="account-password">{t('account.password')}</h2>
      <p className="quiet">{account.hasPassword ? t('account.passwordSome') : t('account.passwordNone')}</p>
      <form ref={form} className="stack" noValidate onSubmit={act}>
        {problem !== null && Object.keys(errors).length === 0 && <Trouble problem={problem} />}
        <Field
          label={t('field.newPassword')} name="password" type="password" autoComplete="new-password" maxLength={128} hint={t('field.passwordHint')}
          value={password} errors={errors.password} onChange={(event) => setPassword(event.target.value)}
        />
        {presence.field(errors.presentPassword)}
        <Button type="submit" busy={busy}>{account.hasPassword ? t('account.changePassword') : t('account.setPassword')}</Button>
        <p role="status">{saved ? t('account.saved') : ''}</p>
      </form>
    </section>
  );
}
