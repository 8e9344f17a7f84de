import { useRef, useState } from 'react';
import { Lock, LockOpen, TriangleAlert } from 'lucide-react';
import { Intent } from '../../api/intent';
import { locks, type OwnLock } from '../../api/locks';
import { type Resource, useResource } from '../../api/useResource';
import { Page } from '../../app/Page';
import { day } from '../../format/time';
import { useLive } from '../../live/useLive';
import { Bolt, type BoltLook } from '../../parts/Bolt';
import { Button, ButtonLink } from '../../parts/Button';
import { Facts } from '../../parts/Facts';
import { issueWords } from '../../parts/issueWords';
import { LockPill } from '../../parts/lockState';
import { isUnderWay } from '../../parts/orderWords';
import { Skeleton } from '../../parts/Skeleton';
import { Talk } from '../../parts/Talk';
import { Trouble } from '../../parts/Trouble';
import { useDemo } from '../../parts/useDemo';
import { useDeed } from '../../parts/useDeed';
import { useFollowed } from '../../parts/useFollowed';
import { useNow } from '../../parts/useNow';
import { t } from '../../text/t';
import { Missing } from '../missing/Missing';
import { say, stateWord, type Deed } from './conversation';
import { PassPanel } from '../lease/pass/PassPanel';
import { GiveUp } from './GiveUp';
import { LockHistory } from './LockHistory';
import './LockPage.css';

/** One lock of one's own: how it is, the one thing to do next, and what happened. */
export function LockPage({ lockId }: { lockId: string }) {
  const { data: lock, problem, reload, again, put, at } = useResource(`lock/${lockId}`, (signal) => locks.one(lockId, signal), `lock/${lockId}`);
  const [heardOf, setHeardOf] = useState(0);
  useLive({}, (heard) => {
    if (heard.event !== 'resync' && !('leaseId' in heard && heard.leaseId === lockId)) return;
    reload();
    setHeardOf((n) => n + 1);
  });
  if (problem?.status === 404) return <Missing what={t('locks.missing')} />;
  if (lock === null) return <Page title={t('locks.title')} className="stack">{problem === null ? <Skeleton rows={2} height={180} /> : <Trouble problem={problem} retry={reload} />}</Page>;
  return (
    <Page title={lock.name} className="lock">
      <div className="lock-where"><p className="quiet">{t('locks.at', { site: lock.site })}</p><LockPill lock={lock} /></div>
      {problem !== null && <Trouble problem={problem} retry={reload} since={at} />}
      <Worked lock={lock} put={put} reload={reload} again={again} />
      <LockHistory lockId={lockId} timeZone={lock.timeZone} turn={heardOf} />
      <GiveUp lock={lock} />
      <ButtonLink look="text" href="/locks">{t('locks.all')}</ButtonLink>
    </Page>
  );
}

interface WorkedProps extends Pick<Resource<OwnLock>, 'reload' | 'again'> { lock: OwnLock; put: (change: (known: OwnLock) => OwnLock) => void }

function Worked({ lock, put, reload, again }: WorkedProps) {
  const now = useNow(5000);
  const intents = useRef({ lock: new Intent(), unlock: new Intent() });
  const { busy: asking, problem: refused, run } = useDeed<Deed>();
  // Nobody is told when a lock has come to know its owner.
  useFollowed(isUnderWay(lock.command) || (lock.online === true && !lock.offline.ready), again);

  const move = async (deed: Deed): Promise<void> => {
    await run(deed, async () => {
      const command = await intents.current[deed].run((key) => locks.move(lock.id, deed, key));
      put((known) => ({ ...known, command }));
    });
    reload();
  };

  const saying = say(lock, asking, now);
  const look: BoltLook = lock.door === 'open' ? 'open' : lock.status;
  return (
    <>
      <div className="lock-front"><Bolt look={look} stale={lock.online !== true} name={t('lock.picture', { name: lock.name, state: stateWord(lock) })} /></div>
      <Talk said={saying} />
      {lock.issue !== null && <p className="lock-issue"><TriangleAlert size={20} aria-hidden="true" /><span>{t('lock.issue')}: {issueWords(lock.issue)}</span></p>}
      {refused !== null && <Trouble problem={refused} />}
      <div className="lock-deeds">
        {saying.mood === 'busy' && <Button look="primary" wide busy>{saying.title}</Button>}
        {saying.next.map((deed, index) => (
          <Button
            key={deed} wide look={index === 0 ? 'primary' : 'plain'} onClick={() => void move(deed)}
            icon={deed === 'lock' ? <Lock size={22} aria-hidden="true" /> : <LockOpen size={22} aria-hidden="true" />}
          >
            {deed === 'lock' ? t('lock.deedLock', { name: lock.name }) : t('lock.deedUnlock', { name: lock.name })}
          </Button>
        ))}
      </div>
      <section className="panel" aria-labelledby="lock-facts">
        <h2 id="lock-facts">{t('lock.facts')}</h2>
        <Facts rows={facts(lock)} />
      </section>
      <PassPanel lease={{ id: lock.id, lock: true, locker: { id: lock.bankId, label: lock.name }, site: { timeZone: lock.timeZone }, offline: lock.offline }} reload={reload} />
      <Virtual bankId={lock.bankId} />
    </>
  );
}

function facts(lock: OwnLock): [string, string][] {
  return [
    [t('lock.connection'), lock.online === true ? t('lock.online') : t('lock.offline')],
    [t('lock.lastSeen'), lock.lastSeen === null ? t('lock.never') : day(lock.lastSeen, lock.timeZone)],
    [t('lock.issue'), lock.issue === null ? t('lock.fine') : issueWords(lock.issue)],
    ...(lock.battery === null ? [] : [[t('lock.battery'), `${lock.battery} %`] as [string, string]]),
    [t('lock.place'), lock.site],
    [t('lock.ownedSince'), day(lock.ownedSince, lock.timeZone)],
  ];
}

/** Only the demo has hardware that is worked from a page. */
function Virtual({ bankId }: { bankId: string }) {
  const { data } = useDemo();
  return data?.enabled === true ? <ButtonLink href={`/bank/${bankId}`}>{t('lock.virtual')}</ButtonLink> : null;
}
