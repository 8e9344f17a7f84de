import { useState } from 'react';
import { KeyRound } from 'lucide-react';
import { locks } from '../../api/locks';
import { Page } from '../../app/Page';
import { go } from '../../app/router';
import { Button, ButtonLink } from '../../parts/Button';
import { Field } from '../../parts/Field';
import { Trouble } from '../../parts/Trouble';
import { t } from '../../text/t';
import { mistake, useForm } from '../entry/useForm';

/** The code on a lock's label makes whoever types it its owner. */
export function RegisterPage() {
  const { form, busy, problem, errors, submit } = useForm();
  const [code, setCode] = useState('');
  const [waits, setWaits] = useState<string | null>(null);

  const deed = async (): Promise<void> => {
    const wrong = mistake(code.replace(/[\s-]/g, '').length === 16 ? {} : { code: t('register.codeShort') });
    if (wrong !== null) throw wrong;
    const registered = await locks.register(code);
    if (registered.lock !== null) go(`/locks/${registered.lock.id}`, { replace: true });
    else setWaits(registered.name);
  };

  if (waits !== null) {
    return (
      <Page key="waits" title={t('register.title')} className="narrow stack">
        <p role="status">{t('register.waits', { name: waits })}</p>
        <ButtonLink look="primary" wide href="/locks">{t('locks.title')}</ButtonLink>
      </Page>
    );
  }
  const elsewhere = problem !== null && errors['code'] === undefined;
  return (
    <Page title={t('register.title')} className="narrow stack">
      <p className="quiet">{t('register.text')}</p>
      <form ref={form} className="stack" noValidate onSubmit={submit(deed)}>
        <Field
          label={t('register.code')} value={code} errors={errors['code']} placeholder="7K3M-9TQ2-XH4D-B8NW" autoComplete="off" autoCapitalize="characters" spellCheck={false} maxLength={40}
          onChange={(event) => setCode(event.target.value)}
        />
        {elsewhere && <Trouble problem={problem} />}
        <Button type="submit" look="primary" wide busy={busy} icon={<KeyRound size={20} aria-hidden="true" />}>{t('register.deed')}</Button>
      </form>
    </Page>
  );
}
