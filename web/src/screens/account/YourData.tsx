import { useState } from 'react';
import { type Account, accounts } from '../../api/accounts';
import { go } from '../../app/router';
import { Button } from '../../parts/Button';
import { Confirm } from '../../parts/Confirm';
import { download } from '../../parts/download';
import { Trouble } from '../../parts/Trouble';
import { useDeed } from '../../parts/useDeed';
import { keepSession } from '../../session/store';
import { t } from '../../text/t';
import { usePresence } from './PresentPassword';

/** Take everything along, or be forgotten. */
export function YourData({ account }: { account: Account }) {
  const { busy, problem, forget, run } = useDeed<'export' | 'erase'>();
  const [erasing, setErasing] = useState(false);
  const presence = usePresence(account.hasPassword);

  const exported = (): Promise<boolean> => run('export', async () => {
    download(`latchkey-${new Date().toISOString().slice(0, 10)}.json`, JSON.stringify(await accounts.exported(), null, 2), 'application/json');
  });
  const erase = (): Promise<boolean> => run('erase', async () => {
    await presence.proven(() => accounts.erase(presence.present));
    keepSession(null);
    go('/', { replace: true });
  });

  return (
    <section className="panel" aria-labelledby="account-data">
      <h2 id="account-data">{t('account.data')}</h2>
      <p className="quiet">{t('account.dataText')}</p>
      {problem !== null && !erasing && <Trouble problem={problem} />}
      <Button busy={busy === 'export'} onClick={() => void exported()}>{t('account.export')}</Button>
      <Button look="fault" onClick={() => { forget(); setErasing(true); }}>{t('account.erase')}</Button>
      {erasing && (
        <Confirm title={t('account.eraseTitle')} deed={t('account.eraseDo')} busy={busy === 'erase'} onDeed={() => void erase()} onClose={() => setErasing(false)}>
          <p>{t('account.eraseText')}</p>
          {problem !== null && <Trouble problem={problem} />}
          {presence.field(problem?.errors.presentPassword)}
        </Confirm>
      )}
    </section>
  );
}
