import { useState } from 'react';
import { type Account, accounts } from '../../api/accounts';
import { chooseLanguage } from '../../app/language';
import { Button } from '../../parts/Button';
import { Chips } from '../../parts/Chips';
import { Facts } from '../../parts/Facts';
import { Field } from '../../parts/Field';
import { Trouble } from '../../parts/Trouble';
import { keepSession, session } from '../../session/store';
import { currentLanguage, type Language, languages, t } from '../../text/t';
import { mistake, useForm } from '../entry/useForm';

/** Name, role and language. The language is that of the pages here and of messages everywhere. */
export function You({ account, onChanged }: { account: Account; onChanged: (next: Account) => void }) {
  const { form, busy, problem, errors, submit } = useForm();
  const [name, setName] = useState(account.name);

  const keep = async (next: { name: string; language: string }): Promise<void> => {
    const changed = await accounts.change(next);
    onChanged(changed);
    const known = session();
    if (known !== null) keepSession({ ...known, person: { ...known.person, name: changed.name, language: changed.language } });
  };
  const save = submit(async () => {
    if (name.trim() === '') throw mistake({ name: t('field.nameMissing') })!;
    await keep({ name: name.trim(), language: account.language });
  });
  const speak = async (next: Language): Promise<void> => {
    await chooseLanguage(next);
    // The pages speak it in any case; a server that is away keeps the language of messages.
    await keep({ name: account.name, language: next }).catch(() => undefined);
  };

  return (
    <section className="panel" aria-labelledby="account-you">
      <h2 id="account-you">{t('account.you')}</h2>
      <form ref={form} className="row-form" noValidate onSubmit={save}>
        <Field label={t('field.name')} name="name" autoComplete="name" maxLength={80} required value={name} errors={errors.name} onChange={(event) => setName(event.target.value)} />
        <Button type="submit" busy={busy} disabled={name.trim() === account.name}>{t('account.save')}</Button>
      </form>
      {problem !== null && errors.name === undefined && <Trouble problem={problem} />}
      {account.role !== 'customer' && <Facts rows={[[t('account.role'), t(`role.${account.role}`)]]} />}
      <h3>{t('account.language')}</h3>
      <Chips<Language>
        label={t('account.language')} value={currentLanguage()} onChoose={(next) => void speak(next)}
        chips={(Object.keys(languages) as Language[]).map((value) => ({ value, text: <span lang={value}>{languages[value]}</span> }))}
      />
    </section>
  );
}
