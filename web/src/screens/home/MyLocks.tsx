import { locks } from '../../api/locks';
import { useResource } from '../../api/useResource';
import { aboutMe } from '../../live/page';
import { useLive } from '../../live/useLive';
import { t } from '../../text/t';
import { LockRow } from '../lock/LocksPage';

/** The locks one owns; nothing for those who own none. */
export function MyLocks({ who }: { who: string }) {
  const found = useResource(`locks/${who}`, (signal) => locks.mine(signal));
  useLive({}, (heard) => { if (aboutMe(heard)) found.reload(); });
  const mine = found.data?.items ?? [];
  if (mine.length === 0) return null;
  return (
    <section className="my-lockers" aria-labelledby="my-locks">
      <h2 id="my-locks">{t('locks.title')}</h2>
      <div className="locks">{mine.map((lock) => <LockRow key={lock.id} lock={lock} />)}</div>
    </section>
  );
}
