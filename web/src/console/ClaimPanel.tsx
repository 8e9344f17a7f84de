import { useState } from 'react';
import { atWork, type Claim } from '../api/console';
import { fullDate, zoneHere } from '../format/time';
import { Button } from '../parts/Button';
import { Facts } from '../parts/Facts';
import { Field } from '../parts/Field';
import { Trouble } from '../parts/Trouble';
import { useDeed } from '../parts/useDeed';
import { t } from '../text/t';
import { useForm } from '../screens/entry/useForm';

/** A device that has come with a code: somebody stands before it and compares twelve digits, then it is the bank's. */
export function ClaimPanel({ claim, onDone }: { claim: Claim; onDone: (said: string) => void }) {
  const { form, busy, problem, errors, submit } = useForm();
  const refusing = useDeed();
  const [digits, setDigits] = useState('');
  return (
    <>
      <Facts rows={[[t('console.col.state'), t(claim.state === 'waiting' ? 'console.claimWaiting' : 'console.claimOpen')], ...known(t('console.col.model'), claim.model), ...known(t('console.col.fingerprint'), claim.fingerprint), [t('console.col.until'), fullDate(claim.expiresAt, zoneHere())]]} />
      {claim.state === 'waiting' && (
        <form ref={form} className="stack" noValidate onSubmit={submit(async () => { await atWork.confirmClaim(claim.id, digits); onDone(t('console.claimConfirmed')); })}>
          <Field label={t('console.fingerprintOf')} hint={t('console.fingerprintHint')} inputMode="numeric" autoComplete="off" value={digits} errors={errors['fingerprint']} maxLength={20} onChange={(event) => setDigits(event.target.value)} />
          {problem !== null && errors['fingerprint'] === undefined && <Trouble problem={problem} />}
          <Button type="submit" look="primary" busy={busy}>{t('console.confirmClaim')}</Button>
        </form>
      )}
      {refusing.problem !== null && <Trouble problem={refusing.problem} />}
      <Button look="fault" busy={refusing.busy !== null} onClick={() => void refusing.run('deed', async () => { await atWork.refuseClaim(claim.id); onDone(t(claim.state === 'waiting' ? 'console.claimRefused' : 'console.claimEnded')); })}>{t(claim.state === 'waiting' ? 'console.refuseClaim' : 'console.endClaim')}</Button>
    </>
  );
}

/** Of a code that nobody has come with there is nothing to say yet. */
const known = (name: string, what: string | null): [string, string][] => (what === null ? [] : [[name, what]]);

/** A code for the label of a bank's first or next controller, shown once. */
export function NewClaim({ bankId, onDone }: { bankId: string; onDone: () => void }) {
  const { busy, problem, run } = useDeed();
  const [made, setMade] = useState<{ code: string; expiresAt: string } | null>(null);
  return made === null
    ? (
      <>
        {problem !== null && <Trouble problem={problem} />}
        <Button busy={busy !== null} onClick={() => void run('deed', async () => { setMade(await atWork.makeClaim(bankId)); onDone(); })}>{t('console.newClaim')}</Button>
      </>
    )
    : <p role="status" className="console-code"><strong className="num">{made.code}</strong><span className="small quiet">{t('console.codeOnce', { time: fullDate(made.expiresAt, zoneHere()) })}</span></p>;
}
