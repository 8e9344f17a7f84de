import { useState } from 'react';
import { atWork, type HistoryPage } from '../api/console';
import { useResource } from '../api/useResource';
import { clockSeconds, dateTime } from '../format/time';
import { Button } from '../parts/Button';
import { Skeleton } from '../parts/Skeleton';
import { Trouble } from '../parts/Trouble';
import { useDeed } from '../parts/useDeed';
import { t } from '../text/t';
import { outcomeTone, whoWhy, word } from './words';

interface StoryProps { siteId: string; lockerId: string; timeZone: string; turn: number }

/** All that the journal knows of one locker, the newest first: who, what, when. */
export function Story({ siteId, lockerId, timeZone, turn }: StoryProps) {
  const { data, problem, reload } = useResource(`story/${lockerId}/${turn}`, (signal) => atWork.history(siteId, { lockerId, limit: 20 }, signal));
  const [before, setBefore] = useState<HistoryPage | null>(null);
  const [older, setOlder] = useState<HistoryPage | null>(null);
  const { busy, run } = useDeed();
  // While it is read again because something has happened, what is known stays.
  if (data !== null && data !== before) setBefore(data);
  const shown = data ?? before;
  if (shown === null) return problem === null ? <Skeleton rows={4} height={40} /> : <Trouble problem={problem} retry={reload} />;
  const items = [...shown.items, ...(older?.items.filter((entry) => shown.items.every((each) => each.key !== entry.key)) ?? [])];
  const next = older === null ? shown.next : older.next;
  return (
    <section aria-label={t('console.story')}>
      <h3 className="hidden">{t('console.story')}</h3>
      {items.length === 0 && <p className="quiet small">{t('console.storyNone')}</p>}
      <ol className="story">
        {items.map((entry) => (
          <li key={entry.key} data-tone={outcomeTone(entry) ?? undefined}>
            <strong>{entry.outcome === null ? word('what', entry.what) : `${word('what', entry.what)}: ${word('outcome', entry.outcome)}`}</strong>
            <span className="num"><time dateTime={entry.at} title={dateTime(entry.at, timeZone)}>{moment(entry.at, timeZone)}</time> {whoWhy(entry)}</span>
          </li>
        ))}
      </ol>
      {next !== null && (
        <Button look="text" busy={busy !== null} onClick={() => void run('deed', async () => {
          const page = await atWork.history(siteId, { lockerId, cursor: next, limit: 20 });
          setOlder({ items: [...(older?.items ?? []), ...page.items], next: page.next });
        })}>{t('console.older')}</Button>
      )}
    </section>
  );
}

/** Seconds count today, days before. */
export function moment(at: string, timeZone: string): string {
  return Date.now() - Date.parse(at) < 20 * 3_600_000 ? clockSeconds(at, timeZone) : dateTime(at, timeZone);
}
