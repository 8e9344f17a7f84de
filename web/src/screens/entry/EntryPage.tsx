import { useState } from 'react';
import { isStep, type Step } from '../../api/accounts';
import type { Session } from '../../api/types';
import { Link } from '../../app/Link';
import { Page } from '../../app/Page';
import { go, safePath, useAddress } from '../../app/router';
import { keepSession } from '../../session/store';
import { t } from '../../text/t';
import { ForgotForm } from './ForgotForm';
import { LogInForm } from './LogInForm';
import { SecondStep } from './SecondStep';
import { SignUpForm } from './SignUpForm';
import './EntryPage.css';

/** Signing in, or up, or with a forgotten password. Afterwards one is where one was going. */
export function EntryPage({ kind }: { kind: 'login' | 'signup' | 'forgot' }) {
  const { searchParams, search } = useAddress();
  const next = safePath(searchParams.get('next'), '/');
  const [step, setStep] = useState<Step | null>(null);

  const enter = (answer: Session | Step): void => {
    if (isStep(answer)) return setStep(answer);
    keepSession(answer);
    go(next, { replace: true });
  };

  if (step !== null) return <SecondStep step={step} onIn={enter} />;
  const why = next.startsWith('/site/') ? t('entry.thenHold') : kind === 'signup' ? t('entry.signupText') : t('entry.loginText');
  return (
    <Page title={kind === 'signup' ? t('entry.signup') : kind === 'forgot' ? t('entry.forgotTitle') : t('entry.login')} className="narrow stack entry">
      <p className="quiet">{kind === 'forgot' ? t('entry.forgotText') : why}</p>
      {kind === 'signup' && <SignUpForm onIn={enter} />}
      {kind === 'login' && <LogInForm onIn={enter} />}
      {kind === 'forgot' && <ForgotForm onIn={enter} />}
      <div className="entry-other">
        {kind === 'login' && <p><Link href={`/forgot${search}`}>{t('entry.forgot')}</Link></p>}
        {kind === 'signup' && <p>{t('entry.haveAccount')} <Link href={`/login${search}`}>{t('entry.loginDo')}</Link></p>}
        {kind === 'login' && <p>{t('entry.noAccount')} <Link href={`/signup${search}`}>{t('entry.signup')}</Link></p>}
        {kind === 'forgot' && <p>{t('entry.remembered')} <Link href={`/login${search}`}>{t('entry.loginDo')}</Link></p>}
      </div>
    </Page>
  );
}
