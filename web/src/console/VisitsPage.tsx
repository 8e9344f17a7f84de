import { useState } from 'react';
import { Users } from 'lucide-react';
import { visits } from '../api/visits';
import { useResource } from '../api/useResource';
import { useLive } from '../live/useLive';
import { Chips } from '../parts/Chips';
import { Skeleton } from '../parts/Skeleton';
import { Trouble } from '../parts/Trouble';
import { t } from '../text/t';
import { Heading } from './Heading';
import { Taps } from './Taps';
import { VisitLine } from './VisitLine';
import { aboutVisits } from './visitWords';

/** Who is still in, at closing time above all; and who came and went. */
export function VisitsPage({ siteId, timeZone }: { siteId: string; timeZone: string }) {
  const [which, setWhich] = useState<'now' | 'taps'>('now');
  const { data, problem, reload } = useResource(`visits/${siteId}`, (signal) => visits.list(siteId, signal));
  const [said, setSaid] = useState<string | null>(null);
  useLive({ floors: [siteId] }, (heard) => { if (heard.event === 'resync' || (heard.event === 'floor' && aboutVisits(heard.what))) reload(); });
  return (
    <div className="console-page console-list">
      <Heading title={data === null ? t('visits.now') : t('visits.title', { site: data.site })} />
      <Chips label={t('visits.which')} value={which} onChoose={setWhich} chips={[{ value: 'now', text: t('visits.now') }, { value: 'taps', text: t('visits.taps') }]} />
      {problem !== null && <Trouble problem={problem} retry={reload} />}
      {data === null && problem === null && <Skeleton rows={3} height={96} />}
      {said !== null && <p role="status">{said}</p>}
      {which === 'taps' ? <Taps siteId={siteId} timeZone={timeZone} /> : data !== null && (
        <>
          {data.closed && data.items.length > 0 && <p role="status"><strong>{t('visits.closed')}</strong></p>}
          {data.items.length === 0
            ? <div className="empty"><Users size={32} aria-hidden="true" /><p className="empty-title">{t('visits.none')}</p><p className="quiet">{t('visits.noneText')}</p></div>
            : <ul className="rows">{data.items.map((visit) => <VisitLine key={visit.id} visit={visit} timeZone={timeZone} closed={data.closed} desk={data.desk} onDone={(words) => { setSaid(words); reload(); }} />)}</ul>}
        </>
      )}
    </div>
  );
}
