import { useEffect, useRef } from 'react';
import { atWork, type HistoryEntry } from '../api/console';
import { clockSeconds, dateTime } from '../format/time';
import { More } from '../parts/More';
import { Skeleton } from '../parts/Skeleton';
import { Trouble } from '../parts/Trouble';
import { usePages } from '../parts/usePages';
import { t } from '../text/t';
import { outcomeTone, whoWhy, word } from './words';

interface StoryProps { siteId: string; lockerId: string; timeZone: string; turn: number }

/** All that the journal knows of one locker, the newest first: who, what, when. */
export function Story({ siteId, lockerId, timeZone, turn }: StoryProps) {
  const pages = usePages(`story/${lockerId}`, {
    keyOf: (entry: HistoryEntry) => entry.key,
    read: (cursor, signal) => atWork.history(siteId, { lockerId, limit: 20, ...(cursor === undefined ? {} : { cursor }) }, signal),
  });
  const { first, items, problem, reload } = pages;
  const read = useRef(turn);
  useEffect(() => {
    if (turn === read.current) return;
    read.current = turn;
    reload();
  }, [turn, reload]);
  if (first === null) return problem === null ? <Skeleton rows={4} height={40} /> : <Trouble problem={problem} retry={reload} />;
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
      <More of={pages} look="text" text={t('console.older')} />
    </section>
  );
}

/** Seconds count today, days before. */
export function moment(at: string, timeZone: string): string {
  return Date.now() - Date.parse(at) < 20 * 3_600_000 ? clockSeconds(at, timeZone) : dateTime(at, timeZone);
}
