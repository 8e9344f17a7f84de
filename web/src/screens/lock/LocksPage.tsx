import { ChevronRight, Hourglass, KeyRound, Plus } from 'lucide-react';
import { locks, type OwnLock, type RegisteredLock } from '../../api/locks';
import { useResource } from '../../api/useResource';
import { Link } from '../../app/Link';
import { Page } from '../../app/Page';
import { aboutMe } from '../../live/page';
import { useLive } from '../../live/useLive';
import { ButtonLink } from '../../parts/Button';
import { LockPill } from '../../parts/lockState';
import { Pill } from '../../parts/Pill';
import { Skeleton } from '../../parts/Skeleton';
import { Trouble } from '../../parts/Trouble';
import { t } from '../../text/t';
import './LocksPage.css';

/** The locks one owns, and those that one has registered and waits for. */
export function LocksPage() {
  const { data, problem, reload, at } = useResource('locks', (signal) => locks.mine(signal), 'locks');
  useLive({}, (heard) => { if (aboutMe(heard)) reload(); });
  const empty = data !== null && data.items.length === 0 && data.registered.length === 0;
  return (
    <Page title={t('locks.title')} className="middle stack">
      {problem !== null && <Trouble problem={problem} retry={reload} since={at} />}
      {data === null && problem === null && <Skeleton rows={2} height={84} />}
      {empty && (
        <div className="empty">
          <KeyRound size={32} aria-hidden="true" />
          <p className="empty-title">{t('locks.none')}</p>
          <p className="quiet">{t('locks.noneHint')}</p>
        </div>
      )}
      {data !== null && !empty && (
        <ul className="locks">
          {data.items.map((lock) => <li key={lock.id}><LockRow lock={lock} /></li>)}
          {data.registered.map((waiting) => <li key={waiting.bankId}><Waiting waiting={waiting} /></li>)}
        </ul>
      )}
      <ButtonLink look={empty ? 'primary' : 'plain'} href="/locks/register" icon={<Plus size={20} aria-hidden="true" />}>{t('locks.register')}</ButtonLink>
    </Page>
  );
}

export function LockRow({ lock }: { lock: OwnLock }) {
  return (
    <Link href={`/locks/${lock.id}`} className="locks-row">
      <span className="locks-what">
        <strong>{lock.name}</strong>
        <span className="small quiet">{t('locks.at', { site: lock.site })}</span>
        <span><LockPill lock={lock} /></span>
      </span>
      <ChevronRight size={20} aria-hidden="true" />
    </Link>
  );
}

function Waiting({ waiting }: { waiting: RegisteredLock }) {
  return (
    <div className="locks-row">
      <span className="locks-what">
        <strong>{waiting.name}</strong>
        <span className="small quiet">{waiting.device ? t('locks.waitingAdmin') : t('locks.waitingDevice')}</span>
        <span><Pill tone="busy" icon={<Hourglass aria-hidden="true" />}>{t('locks.waiting')}</Pill></span>
      </span>
    </div>
  );
}
