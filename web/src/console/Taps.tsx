import { useState } from 'react';
import { IdCard } from 'lucide-react';
import { visits, type Tap } from '../api/visits';
import { money } from '../format/money';
import { dateTime } from '../format/time';
import { useLive } from '../live/useLive';
import { Field } from '../parts/Field';
import { More } from '../parts/More';
import { Trouble } from '../parts/Trouble';
import { usePages } from '../parts/usePages';
import { coded, t } from '../text/t';
import { aboutVisits } from './visitWords';

/** Who came and went: each card that was held to a reader of the site, and what it was answered. */
export function Taps({ siteId, timeZone }: { siteId: string; timeZone: string }) {
  const [search, setSearch] = useState('');
  const wanted = search.replace(/[\s:]/g, '');
  const pages = usePages(`taps/${siteId}/${wanted}`, { keyOf: (tap: Tap) => `${tap.at}${tap.card}${tap.reader}`, read: (before, signal) => visits.taps(siteId, wanted, before, signal) });
  const { first, items, problem, reload } = pages;
  useLive({ floors: [siteId] }, (heard) => { if (heard.event === 'resync' || (heard.event === 'floor' && aboutVisits(heard.what))) reload(); });
  return (
    <>
      <Field label={t('visits.search')} value={search} onChange={(event) => setSearch(event.target.value)} maxLength={32} spellCheck={false} autoComplete="off" />
      {problem !== null && <Trouble problem={problem} retry={reload} />}
      {first !== null && items.length === 0 && <div className="empty"><IdCard size={32} aria-hidden="true" /><p className="empty-title">{t('visits.tapsNone')}</p></div>}
      {items.length > 0 && (
        <ul className="rows">
          {items.map((tap) => (
            <li key={`${tap.at}${tap.card}${tap.reader}`}>
              <span className="rows-what">
                <strong>{[t(`visits.way.${tap.way}`), coded('visits.said', tap.said), ...(tap.locker === null ? [] : [t('visits.locker', { label: tap.locker })])].join(' · ')}</strong>
                <span className="small quiet num">{[dateTime(tap.at, timeZone), tap.reader, t('visits.card', { card: tap.card }), ...(tap.charged === null || tap.charged.minor === 0 ? [] : [money(tap.charged)])].join(' · ')}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
      <More of={pages} text={t('visits.more')} />
    </>
  );
}
