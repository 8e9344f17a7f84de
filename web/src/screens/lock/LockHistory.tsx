import { useEffect } from 'react';
import { type LockEntry, locks } from '../../api/locks';
import { day } from '../../format/time';
import { More } from '../../parts/More';
import { Skeleton } from '../../parts/Skeleton';
import { Trouble } from '../../parts/Trouble';
import { usePages } from '../../parts/usePages';
import { t } from '../../text/t';
import { did, who } from './logWords';

/** What happened at the lock since it is one's own, the newest first. */
export function LockHistory({ lockId, timeZone, turn }: { lockId: string; timeZone: string; turn: number }) {
  const pages = usePages(`lock-log/${lockId}`, { keyOf: (entry: LockEntry) => entry.id, read: (cursor, signal) => locks.log(lockId, cursor, signal) });
  const { first, items, problem, reload } = pages;
  useEffect(() => { if (turn > 0) reload(); }, [turn, reload]);
  return (
    <section className="panel" aria-labelledby="lock-log">
      <h2 id="lock-log">{t('lock.log')}</h2>
      {problem !== null && <Trouble problem={problem} retry={reload} />}
      {first === null && problem === null && <Skeleton rows={3} height={44} />}
      {first !== null && items.length === 0 && <p className="quiet">{t('lock.logNone')}</p>}
      {items.length > 0 && (
        <ul className="lock-log">
          {items.map((entry) => <li key={entry.id}><span><strong>{who(entry)}</strong> {did(entry)}</span><time className="num" dateTime={entry.at}>{day(entry.at, timeZone)}</time></li>)}
        </ul>
      )}
      <More of={pages} />
    </section>
  );
}
