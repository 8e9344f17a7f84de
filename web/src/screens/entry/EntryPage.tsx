import { useRef, useState, type FormEvent } from 'react';
import { api } from '../../api/endpoints';
import { asProblem, Problem } from '../../api/problem';
import { Link } from '../../app/Link';
import { Page } from '../../app/Page';
import { go, safePath, useAddress } from '../../app/router';
import { Button } from '../../parts/Button';
import { Field } from '../../parts/Field';
import { Trouble } from '../../parts/Trouble';
import { keepSession } from '../../session/store';
import { t } from '../../text/t';
import './EntryPage.css';

/** Signing in, or up. Afterwards one is where one was going. */
export function EntryPage({ kind }: { kind: 'login' | 'signup' }) {
  const { searchParams, search } = useAddress();
  const next = safePath(searchParams.get('next'), '/');
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const up = kind === 'signup';

  const enter = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    const early = up ? checked(name, email, password) : null;
    setProblem(early);
    if (early !== null) return focusFirst();
    setBusy(true);
    try {
      keepSession(up ? await api.signUp({ name: name.trim(), email: email.trim(), password }) : await api.logIn({ email: email.trim(), password }));
      go(next, { replace: true });
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
      focusFirst();
    }
  };

  /** After the errors are drawn, to the first field that has one. */
  const focusFirst = (): void => {
    requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
  };

  const errors = problem?.errors ?? {};
  const beside = Object.keys(errors).some((field) => ['name', 'email', 'password'].includes(field));
  return (
    <Page title={up ? t('entry.signup') : t('entry.login')} className="narrow stack entry">
      <p className="quiet">{next.startsWith('/site/') ? t('entry.thenHold') : up ? t('entry.signupText') : t('entry.loginText')}</p>
      <form ref={form} className="panel" noValidate onSubmit={(event) => void enter(event)}>
        {problem !== null && !beside && <Trouble problem={problem} />}
        {up && <Field label={t('field.name')} name="name" autoComplete="name" maxLength={80} required value={name} errors={errors.name} onChange={(event) => setName(event.target.value)} />}
        <Field label={t('field.email')} name="email" type="email" inputMode="email" autoComplete="email" maxLength={254} required value={email} errors={errors.email} onChange={(event) => setEmail(event.target.value)} />
        <Field
          label={t('field.password')} name="password" type="password" autoComplete={up ? 'new-password' : 'current-password'} required maxLength={128}
          {...(up ? { hint: t('field.passwordHint') } : {})} value={password} errors={errors.password} onChange={(event) => setPassword(event.target.value)}
        />
        <Button type="submit" look="primary" wide busy={busy}>{up ? t('entry.signupDo') : t('entry.loginDo')}</Button>
      </form>
      <p className="entry-other">
        {up ? t('entry.haveAccount') : t('entry.noAccount')} <Link href={`${up ? '/login' : '/signup'}${search}`}>{up ? t('entry.loginDo') : t('entry.signup')}</Link>
      </p>
    </Page>
  );
}

/** What can be said without asking the server, in the same shape as its answer. */
function checked(name: string, email: string, password: string): Problem | null {
  const errors: Record<string, string[]> = {};
  if (name.trim() === '') errors.name = [t('field.nameMissing')];
  if (!/^\S+@\S+$/.test(email.trim())) errors.email = [t('field.emailWrong')];
  if (password.length < 10) errors.password = [t('field.passwordShort')];
  return Object.keys(errors).length === 0 ? null : new Problem('invalid-request', 400, '', errors);
}
