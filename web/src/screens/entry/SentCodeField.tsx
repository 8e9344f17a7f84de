import { useEffect, useState } from 'react';
import { accounts, type Purpose, type SentCode } from '../../api/accounts';
import { asProblem, type Problem } from '../../api/problem';
import { Button } from '../../parts/Button';
import { Field } from '../../parts/Field';
import { Trouble } from '../../parts/Trouble';
import { useDemo } from '../../parts/useDemo';
import { currentLanguage, t } from '../../text/t';
import { addressOf } from './AddressField';

/** The server sends no second one before. */
const againAfterS = 30;

interface SentCodeFieldProps {
  purpose: Purpose; address: string; sent: SentCode; value: string; errors: string[] | undefined;
  onChange: (text: string) => void; onSent: (sent: SentCode) => void;
}

/** Where the code went, the code, and another one for those whose message does not come. */
export function SentCodeField({ purpose, address, sent, value, errors, onChange, onSent }: SentCodeFieldProps) {
  const [wait, setWait] = useState(againAfterS);
  const [problem, setProblem] = useState<Problem | null>(null);
  const { data: demo } = useDemo();
  useEffect(() => {
    setWait(againAfterS);
    const timer = setInterval(() => setWait((left) => Math.max(0, left - 1)), 1000);
    return () => clearInterval(timer);
  }, [sent]);

  const again = async (): Promise<void> => {
    setProblem(null);
    try {
      onSent(await accounts.sendCode(purpose, addressOf(address), currentLanguage()));
    } catch (error) {
      setProblem(asProblem(error));
    }
  };

  return (
    <>
      <p role="status">{sent.channel === 'email' ? t('code.sentEmail', { address: address.trim() }) : t('code.sentSms', { address: address.trim() })}</p>
      {demo?.enabled === true && <p className="small quiet">{t('code.demo')} <a href="/outbox" target="_blank" rel="noreferrer">{t('code.outbox')}</a></p>}
      <Field
        label={t('field.code')} name="code" inputMode="numeric" autoComplete="one-time-code" maxLength={11} required autoFocus className="num"
        value={value} errors={errors} onChange={(event) => onChange(event.target.value)}
      />
      {problem !== null && <Trouble problem={problem} />}
      <Button look="text" disabled={wait > 0} onClick={() => void again()}>{wait > 0 ? t('code.againIn', { n: wait }) : t('code.again')}</Button>
    </>
  );
}
