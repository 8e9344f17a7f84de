import { useState } from 'react';
import { type Account, accounts, type TotpSecret } from '../../api/accounts';
import { Button } from '../../parts/Button';
import { Field } from '../../parts/Field';
import { RecoveryCodes } from '../../parts/RecoveryCodes';
import { TotpQr } from '../../parts/TotpQr';
import { Trouble } from '../../parts/Trouble';
import { t, tn } from '../../text/t';
import { useForm } from '../entry/useForm';

/** An authenticator app as the second step: set up, and turned off where the role allows it. */
export function SecondStepPanel({ account, onChanged }: { account: Account; onChanged: () => void }) {
  const { form, busy, problem, submit } = useForm();
  const [secret, setSecret] = useState<TotpSecret | null>(null);
  const [turningOff, setTurningOff] = useState(false);
  const [recovery, setRecovery] = useState<string[]>([]);
  const [code, setCode] = useState('');
  const asking = secret !== null || turningOff;

  const act = submit(async () => {
    if (!asking) {
      if (account.secondStep) setTurningOff(true);
      else setSecret(await accounts.offerTotp());
      return;
    }
    if (turningOff) await accounts.totpOff(code);
    else setRecovery((await accounts.confirmTotp(code)).recoveryCodes);
    setSecret(null);
    setTurningOff(false);
    setCode('');
    onChanged();
  });

  return (
    <section className="panel" aria-labelledby="account-step">
      <h2 id="account-step">{t('account.step')}</h2>
      <p className="quiet">{account.secondStep ? `${t('account.stepOn')} ${tn('account.recoveryLeft', account.recoveryCodes)}` : t('account.stepOff')}</p>
      {recovery.length > 0 && <RecoveryCodes codes={recovery} />}
      <form ref={form} className="stack" noValidate onSubmit={act}>
        {problem !== null && <Trouble problem={problem} />}
        {secret !== null && <TotpQr secret={secret} />}
        {asking && (
          <Field
            label={turningOff ? t('step.field') : t('field.appCode')} name="code" autoComplete="one-time-code" maxLength={30} required autoFocus className="num"
            value={code} onChange={(event) => setCode(event.target.value)}
          />
        )}
        {!(account.secondStep && account.role === 'admin') && (
          <Button type="submit" look={asking ? 'primary' : 'plain'} busy={busy}>
            {asking ? t('account.confirm') : account.secondStep ? t('account.stepTurnOff') : t('account.stepSetUp')}
          </Button>
        )}
      </form>
    </section>
  );
}
