import { useState } from 'react';
import { type Account, accounts, type SentCode } from '../../api/accounts';
import { Button } from '../../parts/Button';
import { Field } from '../../parts/Field';
import { Trouble } from '../../parts/Trouble';
import { t } from '../../text/t';
import { addressOf, codeOf } from '../entry/AddressField';
import { mistake, useForm } from '../entry/useForm';
import { usePresence } from './PresentPassword';

type Which = 'email' | 'phone';

/** E-mail address and phone number: one of them at least, each proven by a code. */
export function Addresses({ account, onChanged }: { account: Account; onChanged: () => void }) {
  const [changing, setChanging] = useState<Which | null>(null);
  const { busy, problem, submit } = useForm();
  const row = (which: Which) => {
    const value = account[which];
    const proven = which === 'email' ? account.emailVerified : account.phoneVerified;
    return (
      <div className="reach" key={which}>
        <p><span className="small quiet">{t(`account.${which}`)}</span><br /><span className="reach-value">{value ?? t('account.none')}</span> {value !== null && <span className="small quiet">{proven ? t('account.proven') : t('account.unproven')}</span>}</p>
        <div className="reach-actions">
          <Button onClick={() => setChanging(changing === which ? null : which)} aria-expanded={changing === which}>
            {which === 'email' ? (value === null ? t('account.addEmail') : t('account.changeEmail')) : value === null ? t('account.addPhone') : t('account.changePhone')}
          </Button>
          {value !== null && account[which === 'email' ? 'phone' : 'email'] !== null && (
            <form onSubmit={submit(async () => { await accounts.removeAddress(which); onChanged(); })}>
              <Button look="text" type="submit" busy={busy}>{t('account.remove')}</Button>
            </form>
          )}
        </div>
        {changing === which && <Change which={which} hasPassword={account.hasPassword} onDone={() => { setChanging(null); onChanged(); }} />}
      </div>
    );
  };
  return (
    <section className="panel" aria-labelledby="account-reach">
      <h2 id="account-reach">{t('account.reach')}</h2>
      {row('email')}
      {row('phone')}
      {problem !== null && <Trouble problem={problem} />}
    </section>
  );
}

function Change({ which, hasPassword, onDone }: { which: Which; hasPassword: boolean; onDone: () => void }) {
  const { form, busy, problem, errors, submit } = useForm();
  const presence = usePresence(hasPassword);
  const [text, setText] = useState('');
  const [sent, setSent] = useState<SentCode | null>(null);
  const [code, setCode] = useState('');

  const act = submit(async () => {
    if (sent !== null) {
      await accounts.setAddress(sent.challenge, codeOf(code));
      return onDone();
    }
    const address = addressOf(text);
    if (!(which in address)) throw mistake({ address: t('field.addressWrong') })!;
    setSent(await presence.proven(() => accounts.askAddress(address, presence.present)));
  });

  return (
    <form ref={form} className="stack" noValidate onSubmit={act}>
      {problem !== null && Object.keys(errors).length === 0 && <Trouble problem={problem} />}
      {sent === null
        ? (
          <Field
            label={t(`account.${which}`)} name="address" type={which === 'email' ? 'email' : 'tel'} autoComplete={which === 'email' ? 'email' : 'tel'} maxLength={254} required autoFocus
            {...(which === 'phone' ? { hint: t('field.addressHint') } : {})} value={text} errors={errors.address ?? errors[which]} onChange={(event) => setText(event.target.value)}
          />
        )
        : (
          <>
            <p role="status">{which === 'email' ? t('code.sentEmail', { address: text.trim() }) : t('code.sentSms', { address: text.trim() })}</p>
            <Field
              label={t('field.code')} name="code" inputMode="numeric" autoComplete="one-time-code" maxLength={11} required autoFocus className="num"
              value={code} errors={errors.code} onChange={(event) => setCode(event.target.value)}
            />
          </>
        )}
      {presence.field(errors.presentPassword)}
      <Button type="submit" look="primary" busy={busy}>{sent === null ? t('code.send') : t('account.confirm')}</Button>
    </form>
  );
}
