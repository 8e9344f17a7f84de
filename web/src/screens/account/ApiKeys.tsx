import { useState } from 'react';
import { accounts, type Scope, scopes } from '../../api/accounts';
import { useResource } from '../../api/useResource';
import { day, zoneHere } from '../../format/time';
import { Button } from '../../parts/Button';
import { Field } from '../../parts/Field';
import { Trouble } from '../../parts/Trouble';
import { t } from '../../text/t';
import { useForm } from '../entry/useForm';

const zone = zoneHere();

/** Keys for programs that act for an operator or an admin. */
export function ApiKeys() {
  const { data, problem: unread, reload } = useResource('account/keys', (signal) => accounts.keys(signal));
  const { form, busy, problem, errors, submit } = useForm();
  const [name, setName] = useState('');
  const [allowed, setAllowed] = useState<Scope[]>([]);
  const [made, setMade] = useState<string | null>(null);

  const make = submit(async () => {
    setMade((await accounts.makeKey(name.trim(), allowed)).key);
    setName('');
    setAllowed([]);
    reload();
  });

  return (
    <section className="panel" aria-labelledby="account-keys">
      <h2 id="account-keys">{t('account.keys')}</h2>
      <p className="quiet">{t('account.keysText')}</p>
      {unread !== null && <Trouble problem={unread} retry={reload} />}
      <ul className="devices">
        {data?.items.map((key) => (
          <li key={key.id}>
            <p>
              {key.name} <code className="small">{key.shown}...</code><br />
              <span className="small quiet">{key.scopes.map((scope) => t(`scope.${scope}`)).join(', ')} · {key.lastUsed === null ? t('account.keyUnused') : t('account.keyUsed', { time: day(key.lastUsed, zone) })}</span>
            </p>
            <form onSubmit={submit(async () => { await accounts.revokeKey(key.id); reload(); })}><Button type="submit">{t('account.keyRevoke', { name: key.name })}</Button></form>
          </li>
        ))}
      </ul>
      {made !== null && <p role="status">{t('account.keyShown')}<br /><code className="reach-value">{made}</code></p>}
      <form ref={form} className="stack" noValidate onSubmit={make}>
        {problem !== null && errors.name === undefined && <Trouble problem={problem} />}
        <Field label={t('account.keyName')} name="name" maxLength={80} value={name} errors={errors.name} onChange={(event) => setName(event.target.value)} />
        <fieldset className="scopes">
          <legend>{t('account.keyScopes')}</legend>
          {scopes.map((scope) => (
            <label key={scope}>
              <input type="checkbox" checked={allowed.includes(scope)} onChange={(event) => setAllowed(event.target.checked ? [...allowed, scope] : allowed.filter((other) => other !== scope))} /> {t(`scope.${scope}`)}
            </label>
          ))}
        </fieldset>
        <Button type="submit" busy={busy}>{t('account.keyMake')}</Button>
      </form>
    </section>
  );
}
