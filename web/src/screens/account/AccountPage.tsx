import { useState } from 'react';
import { DoorOpen, LockKeyhole, LogOut } from 'lucide-react';
import { accounts } from '../../api/accounts';
import type { Person } from '../../api/types';
import { useResource } from '../../api/useResource';
import { Page } from '../../app/Page';
import { go } from '../../app/router';
import { Button, ButtonLink } from '../../parts/Button';
import { Skeleton } from '../../parts/Skeleton';
import { Trouble } from '../../parts/Trouble';
import { keepSession, session } from '../../session/store';
import { t } from '../../text/t';
import { Addresses } from './Addresses';
import { ApiKeys } from './ApiKeys';
import { Devices } from './Devices';
import { Look } from './Look';
import { Password } from './Password';
import { SecondStepPanel } from './SecondStepPanel';
import { You } from './You';
import { YourData } from './YourData';
import './AccountPage.css';

/** Everything about the person and how they get in; what is rare comes last. */
export function AccountPage({ person }: { person: Person }) {
  const { data: account, problem, reload, put } = useResource(`account/${person.id}`, (signal) => accounts.me(signal));
  const [leaving, setLeaving] = useState(false);

  const signOut = async (): Promise<void> => {
    setLeaving(true);
    const known = session();
    try {
      if (known !== null) await accounts.logOut(known.refreshToken);
    } catch {
      // Signed out here in any case; the token that could not be revoked dies by itself.
    }
    keepSession(null);
    go('/', { replace: true });
  };

  return (
    <Page title={t('account.title')} className="middle stack account">
      {problem !== null && <Trouble problem={problem} retry={reload} />}
      {account === null && problem === null && <Skeleton rows={3} height={120} />}
      {account !== null && (
        <>
          <You account={account} onChanged={(next) => put(() => next)} />
          <Addresses account={account} onChanged={reload} />
          <Password account={account} onChanged={reload} />
          <SecondStepPanel account={account} onChanged={reload} />
          <Devices />
          <section className="panel" aria-labelledby="account-locks">
            <h2 id="account-locks">{t('locks.title')}</h2>
            <p className="quiet">{t('locks.account')}</p>
            <ButtonLink href="/locks" icon={<LockKeyhole size={20} aria-hidden="true" />}>{t('locks.title')}</ButtonLink>
          </section>
          {(account.role === 'operator' || account.role === 'admin') && (
            <section className="panel" aria-labelledby="account-console">
              <h2 id="account-console">{t('console.title')}</h2>
              <p className="quiet">{t('console.account')}</p>
              <ButtonLink href="/console" icon={<DoorOpen size={20} aria-hidden="true" />}>{t('console.toConsole')}</ButtonLink>
            </section>
          )}
          {(account.role === 'operator' || account.role === 'admin') && <ApiKeys />}
        </>
      )}
      <Look />
      <Button busy={leaving} icon={<LogOut size={20} aria-hidden="true" />} onClick={() => void signOut()}>{t('account.signOut')}</Button>
      {account !== null && <YourData account={account} />}
    </Page>
  );
}
