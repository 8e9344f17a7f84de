import { useEffect, useState } from 'react';
import { accounts, type Step, type TotpSecret } from '../../api/accounts';
import { asProblem, type Problem } from '../../api/problem';
import type { Session } from '../../api/types';
import { Page } from '../../app/Page';
import { Button } from '../../parts/Button';
import { Field } from '../../parts/Field';
import { RecoveryCodes } from '../../parts/RecoveryCodes';
import { TotpQr } from '../../parts/TotpQr';
import { Trouble } from '../../parts/Trouble';
import { t } from '../../text/t';
import { useForm } from './useForm';

/** The code of the authenticator app; or, where a role needs one and there is none, its set-up on the way in. */
export function SecondStep({ step, onIn }: { step: Step; onIn: (session: Session) => void }) {
  const { form, busy, problem, submit } = useForm();
  const [secret, setSecret] = useState<TotpSecret | null>(null);
  const [trouble, setTrouble] = useState<Problem | null>(null);
  const [code, setCode] = useState('');
  const [kept, setKept] = useState<{ session: Session; codes: string[] } | null>(null);

  useEffect(() => {
    if (step.setUp) accounts.setUpStep(step.ticket).then(setSecret, (error: unknown) => setTrouble(asProblem(error)));
  }, [step]);

  const act = submit(async () => {
    const { session, recoveryCodes } = await accounts.finish(step.ticket, code);
    if (recoveryCodes.length === 0) onIn(session);
    else setKept({ session, codes: recoveryCodes });
  });

  if (kept !== null) {
    return (
      <Page key="kept" title={t('step.recoveryTitle')} className="narrow stack entry">
        <RecoveryCodes codes={kept.codes} />
        <Button look="primary" wide onClick={() => onIn(kept.session)}>{t('step.kept')}</Button>
      </Page>
    );
  }
  return (
    <Page key="step" title={step.setUp ? t('step.setUpTitle') : t('step.title')} className="narrow stack entry">
      <p className="quiet">{step.setUp ? t('step.setUpText') : t('step.text')}</p>
      <form ref={form} className="panel" noValidate onSubmit={act}>
        {(problem ?? trouble) !== null && <Trouble problem={(problem ?? trouble)!} />}
        {secret !== null && <TotpQr secret={secret} />}
        <Field
          label={step.setUp ? t('field.appCode') : t('step.field')} name="code" autoComplete="one-time-code" maxLength={30} required autoFocus className="num"
          {...(step.setUp ? { inputMode: 'numeric' as const } : { hint: t('step.recovery') })} value={code} onChange={(event) => setCode(event.target.value)}
        />
        <Button type="submit" look="primary" wide busy={busy}>{t('entry.continue')}</Button>
      </form>
    </Page>
  );
}
