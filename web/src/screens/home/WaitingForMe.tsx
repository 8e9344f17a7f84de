import { ChevronRight } from 'lucide-react';
import { deposits } from '../../api/deposits';
import { useResource } from '../../api/useResource';
import { Link } from '../../app/Link';
import { day } from '../../format/time';
import { useLive } from '../../live/useLive';
import { Door } from '../../parts/Door';
import { t } from '../../text/t';

/** What others have left for whoever is signed in; nothing where nothing waits. */
export function WaitingForMe({ who }: { who: string }) {
  const found = useResource(`waiting/${who}`, (signal) => deposits.waiting(signal));
  useLive({}, (heard) => { if (heard.event === 'resync') found.reload(); });
  const items = found.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <section className="my-lockers" aria-labelledby="waiting-for-me">
      <h2 id="waiting-for-me">{t('waiting.mine')}</h2>
      <ul>
        {items.map(({ id, from, locker, site, until, overdue }) => (
          <li key={id}>
            <Link href={`/collect/${locker.id}`} className="my-locker">
              <span className="my-locker-door"><Door label={locker.label} size={locker.size} look="yours" open={false} /></span>
              <span className="my-locker-text">
                <strong>{t('lease.title', { label: locker.label })}</strong>
                <span className="small quiet">{site.name}</span>
                <span className="my-locker-state small">{[t('waiting.from', { name: from }), ...(until === null ? [] : [t(overdue ? 'waiting.overdue' : 'waiting.until', { time: day(until, site.timeZone) })])].join(' · ')}</span>
              </span>
              <ChevronRight size={20} aria-hidden="true" />
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
