import { useEffect, useState } from 'react';
import { SearchX } from 'lucide-react';
import { atWork, type HistoryEntry, type SiteAtWork } from '../api/console';
import { keepQuery, useAddress } from '../app/router';
import { useLive } from '../live/useLive';
import { Field } from '../parts/Field';
import { More } from '../parts/More';
import { Skeleton } from '../parts/Skeleton';
import { Trouble } from '../parts/Trouble';
import { usePages } from '../parts/usePages';
import { useSoon } from '../parts/useSoon';
import { t } from '../text/t';
import { Heading } from './Heading';
import { HistoryTable } from './HistoryTable';
import { instant } from './instant';
import { SidePanel } from './SidePanel';
import { Story } from './Story';

/** Typing is a burst: what is asked for is asked once it pauses. */
const pause = 250;

/** Who came, went and opened what at a site, by card, locker and time. What is looked for stays in the address. */
export function HistoryPage({ site }: { site: SiteAtWork }) {
  const { searchParams } = useAddress();
  const [search, setSearch] = useState({ card: searchParams.get('card') ?? '', label: searchParams.get('label') ?? '', from: searchParams.get('from') ?? '', to: searchParams.get('to') ?? '' });
  const [asked, setAsked] = useState(search);
  useEffect(() => {
    const timer = setTimeout(() => { setAsked(search); keepQuery(search); }, pause);
    return () => clearTimeout(timer);
  }, [search]);
  const card = asked.card.replace(/[\s:…]/g, '');
  const wish = { card: card.length >= 4 ? card : '', locker: asked.label.trim(), from: instant(asked.from, site.timeZone), to: instant(asked.to, site.timeZone) };
  const key = JSON.stringify(wish);
  const pages = usePages(`history/${site.id}/${key}`, {
    keyOf: (entry: HistoryEntry) => entry.key,
    read: (cursor, signal) => atWork.history(site.id, { ...wish, ...(cursor === undefined ? {} : { cursor }) }, signal),
  });
  const { first, items, problem, reload } = pages;
  const [chosen, setChosen] = useState<HistoryEntry | null>(null);
  const soon = useSoon(pages.catchUp, 300);
  useLive({ floors: [site.id] }, (heard) => { if (heard.event === 'resync' || heard.event === 'floor') soon(); });

  const set = (name: keyof typeof search) => (event: { target: { value: string } }): void => setSearch({ ...search, [name]: event.target.value });
  return (
    <div className="console-split" data-open={(chosen !== null && chosen.lockerId !== null) || undefined}>
      <div className="console-page">
        <Heading title={t('console.history')}><span className="quiet">{site.name}</span></Heading>
        <form className="console-search" role="search" onSubmit={(event) => event.preventDefault()}>
          <Field label={t('console.searchCard')} placeholder={t('console.searchCardHint')} value={search.card} onChange={set('card')} maxLength={32} autoComplete="off" spellCheck={false} errors={problem?.errors['card']} />
          <Field label={t('console.searchLocker')} value={search.label} onChange={set('label')} maxLength={20} autoComplete="off" errors={problem?.errors['locker']} />
          <Field label={t('console.searchFrom')} type="datetime-local" value={search.from} onChange={set('from')} />
          <Field label={t('console.searchTo')} type="datetime-local" value={search.to} onChange={set('to')} />
        </form>
        {problem !== null && Object.keys(problem.errors).length === 0 && <Trouble problem={problem} retry={reload} />}
        {first === null && problem === null && <Skeleton rows={8} height={36} />}
        {first !== null && items.length === 0 && <div className="empty"><SearchX size={32} aria-hidden="true" /><p className="empty-title">{t('console.historyNone')}</p><p className="quiet">{t('console.historyNoneText')}</p></div>}
        {items.length > 0 && <HistoryTable items={items} timeZone={site.timeZone} chosen={chosen?.key ?? null} onOpen={setChosen} />}
        <More of={pages} text={t('console.older')} />
      </div>
      {chosen?.lockerId != null && (
        <SidePanel key={chosen.lockerId} title={t('console.locker', { label: chosen.locker ?? '' })} beside={<span className="quiet">{chosen.bank}</span>} onClose={() => setChosen(null)}>
          <Story siteId={site.id} lockerId={chosen.lockerId} timeZone={site.timeZone} turn={0} />
        </SidePanel>
      )}
    </div>
  );
}
