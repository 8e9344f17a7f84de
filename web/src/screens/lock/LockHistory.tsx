import { useEffect, useRef, useState } from 'react';
import { locks } from '../../api/locks';
import { asProblem, type Problem } from '../../api/problem';
import { useResource } from '../../api/useResource';
import { day } from '../../format/time';
import { Button } from '../../parts/Button';
import { Skeleton } from '../../parts/Skeleton';
import { Trouble } from '../../parts/Trouble';
import { t } from '../../text/t';
import { did, who } from './logWords';

/** What happened at the lock since it is one's own, the newest first. */
export function LockHistory({ lockId, timeZone, turn }: { lockId: string; timeZone: string; turn: number }) {
  const { data, problem, reload, put } = useResource(`lock-log/${lockId}`, (signal) => locks.log(lockId, undefined, signal));
  const [more, setMore] = useState<{ busy: boolean; problem: Problem | null }>({ busy: false, problem: null });
  // Who has gone further back keeps what they read; what is new is seen from the top again.
  const short = useRef(true);
  useEffect(() => { if (turn > 0 && short.current) reload(); }, [turn, reload]);

  const load = async (cursor: string): Promise<void> => {
    setMore({ busy: true, problem: null });
    try {
      const page = await locks.log(lockId, cursor);
      short.current = false;
      put((known) => ({ items: [...known.items, ...page.items], next: page.next }));
      setMore({ busy: false, problem: null });
    } catch (error) {
      setMore({ busy: false, problem: asProblem(error) });
    }
  };

  const next = data?.next ?? null;
  return (
    <section className="panel" aria-labelledby="lock-log">
      <h2 id="lock-log">{t('lock.log')}</h2>
      {problem !== null && <Trouble problem={problem} retry={reload} />}
      {data === null && problem === null && <Skeleton rows={3} height={44} />}
      {data?.items.length === 0 && <p className="quiet">{t('lock.logNone')}</p>}
      {data !== null && data.items.length > 0 && (
        <ul className="lock-log">
          {data.items.map((entry) => <li key={entry.id}><span><strong>{who(entry)}</strong> {did(entry)}</span><time className="num" dateTime={entry.at}>{day(entry.at, timeZone)}</time></li>)}
        </ul>
      )}
      {more.problem !== null && <Trouble problem={more.problem} />}
      {next !== null && <Button busy={more.busy} onClick={() => void load(next)}>{t('action.more')}</Button>}
    </section>
  );
}
