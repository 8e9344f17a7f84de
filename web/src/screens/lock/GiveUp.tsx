import { useState } from 'react';
import { LogOut } from 'lucide-react';
import { locks, type OwnLock } from '../../api/locks';
import { go } from '../../app/router';
import { Button } from '../../parts/Button';
import { Confirm } from '../../parts/Confirm';
import { Trouble } from '../../parts/Trouble';
import { useDeed } from '../../parts/useDeed';
import { t } from '../../text/t';

/** The end of owning a lock. It is about a door, so it is asked, and the button names the deed. */
export function GiveUp({ lock }: { lock: OwnLock }) {
  const [asked, setAsked] = useState(false);
  const { busy, problem, run } = useDeed();
  const give = (): Promise<boolean> => run('deed', async () => {
    await locks.giveUp(lock.id);
    go('/locks', { replace: true });
  });
  return (
    <>
      <Button look="text" icon={<LogOut size={18} aria-hidden="true" />} onClick={() => setAsked(true)}>{t('lock.giveUp')}</Button>
      {asked && (
        <Confirm title={t('lock.giveUpTitle', { name: lock.name })} deed={t('lock.giveUpDeed', { name: lock.name })} busy={busy !== null} onDeed={() => void give()} onClose={() => setAsked(false)}>
          <p>{t('lock.giveUpText')}</p>
          {problem !== null && <Trouble problem={problem} />}
        </Confirm>
      )}
    </>
  );
}
