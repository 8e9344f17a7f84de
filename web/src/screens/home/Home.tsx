import { useState } from 'react';
import { LocateFixed, Search, X } from 'lucide-react';
import { Link } from '../../app/Link';
import { Page } from '../../app/Page';
import { keepQuery, useAddress } from '../../app/router';
import { sizes, type CityCount, type Feature, type SitePage, type SiteSummary, type Size } from '../../api/types';
import { Button, ButtonLink } from '../../parts/Button';
import { Chips } from '../../parts/Chips';
import { SitePill } from '../../parts/siteState';
import { sizeName } from '../../parts/sizeWords';
import { Skeleton } from '../../parts/Skeleton';
import { Trouble } from '../../parts/Trouble';
import { usePerson } from '../../session/useSession';
import { t, tn } from '../../text/t';
import { CityMap } from './CityMap';
import { MyDeposits } from './MyDeposits';
import { WaitingForMe } from './WaitingForMe';
import { MyLockers } from './MyLockers';
import { MyLocks } from './MyLocks';
import { readFeatures } from '../site/choice';
import { SiteList } from './SiteList';
import { siteLink } from './SiteRow';
import { useNearMe } from './useNearMe';
import { useSites } from './useSites';
import { readOpen, Wishes } from './Wishes';
import './Home.css';

export function Home() {
  const person = usePerson();
  const { searchParams } = useAddress();
  const [query, setQuery] = useState(searchParams.get('q') ?? '');
  const size = sizes.find((each) => each === searchParams.get('size')) ?? null;
  const near = useNearMe();
  const features = readFeatures(searchParams);
  const open = readOpen(searchParams);
  const chosen = searchParams.get('city');
  // A city that was chosen is asked for; the one shown first is not: the answer that says which it is holds it already.
  const { page, problem, at: read, searching, reload, more } = useSites({ query, city: query.trim() !== '' || chosen === 'all' ? null : chosen, size, features, open, at: near.at });
  const [pointed, setPointed] = useState<string | null>(null);
  const [picked, setPicked] = useState<string | null>(null);

  const all = page?.items ?? [];
  const cities = page?.cities ?? [];
  const city = query.trim() !== '' || chosen === 'all' ? null : chosen ?? first(cities, all, near.at !== null);
  const shown = city === null ? all : all.filter((site) => site.city === city);
  const selected = shown.find((site) => site.id === picked);

  const type = (text: string): void => {
    setQuery(text);
    keepQuery({ q: text });
  };
  const pick = (siteId: string | null): void => {
    setPicked(siteId);
    if (siteId !== null) document.querySelector(`[data-site="${CSS.escape(siteId)}"]`)?.scrollIntoView({ block: 'nearest' });
  };

  return (
    <Page title="Latchkey" heading={t('home.title')} className="home">
      {person !== null && <MyLockers who={person.id} />}
      {person !== null && <WaitingForMe who={person.id} />}
      {person !== null && <MyDeposits who={person.id} />}
      {person !== null && <MyLocks who={person.id} />}
      <section className="home-search" aria-label={t('home.search')}>
        <div className="search">
          <Search size={20} aria-hidden="true" />
          <input type="search" aria-label={t('home.search')} placeholder={t('home.searchHint')} value={query} onChange={(event) => type(event.target.value)} />
          <button type="button" aria-pressed={near.state === 'on'} onClick={near.state === 'on' ? near.forget : near.find}>
            <LocateFixed size={20} aria-hidden="true" /><span>{near.state === 'asking' ? t('home.locating') : t('home.near')}</span>
          </button>
        </div>
        <p className="home-note" role="status">{near.state === 'refused' ? t('home.nearRefused') : near.state === 'failed' ? t('home.nearFailed') : ''}</p>
        <Chips
          label={t('home.size')} value={size} onChoose={(value) => keepQuery({ size: value })}
          chips={[{ value: null, text: t('home.anySize') }, ...sizes.map((each) => ({ value: each, text: <>{each} <span className="count">{sizeName(each)}</span></> }))]}
        />
        <Wishes open={open} features={features} />
      </section>

      {page === null && problem === null && <div className="home-map" aria-hidden="true"><div className="map-waiting" /></div>}
      {cities.length > 0 && <section className="home-map" aria-label={t('home.map')}>
        {cities.length > 1 && query.trim() === '' && (
          <Chips
            label={t('home.city')} value={city ?? 'all'} onChoose={(value) => keepQuery({ city: value })}
            chips={[...cities.slice(0, mostChips).map(({ name, sites }) => ({ value: name, text: <>{name} <span className="count">{sites}</span></> })), { value: 'all', text: t('home.everywhere') }]}
          />
        )}
        <CityMap
          sites={shown} size={size} here={near.at} active={pointed ?? picked} label={t('home.mapLabel', { places: tn('map.places', shown.length) })}
          onActive={pick} onCity={(name) => { type(''); keepQuery({ city: name }); }}
        />
        {selected !== undefined && <Picked site={selected} size={size} features={features} onClose={() => setPicked(null)} />}
      </section>}

      <section className="home-list" aria-labelledby="places">
        <div className="home-count">
          <h2 id="places">{counted(page, shown.length, city)}</h2>
          <p className="small quiet" role="status">{searching && page !== null ? t('home.searching') : ''}</p>
        </div>
        {problem !== null && <Trouble problem={problem} retry={reload} since={read} />}
        {page === null && problem === null && <Skeleton rows={5} height={76} />}
        {page !== null && shown.length === 0 && !searching && <Empty filtered={query !== '' || size !== null || features.length > 0 || open !== undefined || chosen !== null} onClear={() => { type(''); keepQuery({ q: null, size: null, city: null, features: null, open: null }); }} />}
        {shown.length > 0 && <SiteList sites={shown} size={size} features={features} active={pointed ?? picked} byCity={city === null && cities.length > 1} more={page?.next ? more : null} onActive={setPointed} />}
      </section>
    </Page>
  );
}

/** The pin that was pressed, in words, with the way to it. */
function Picked({ site, size, features, onClose }: { site: SiteSummary; size: Size | null; features: Feature[]; onClose: () => void }) {
  return (
    <div className="picked" role="status">
      <div>
        <Link href={siteLink(site.id, size, features)}>{site.name}</Link>
        <SitePill site={site} size={size} />
      </div>
      <ButtonLink look="primary" href={siteLink(site.id, size, features)}>{t('home.choose')}</ButtonLink>
      <button type="button" className="picked-close" aria-label={t('action.close')} onClick={onClose}><X size={20} aria-hidden="true" /></button>
    </div>
  );
}

function Empty({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  return (
    <div className="empty">
      <p className="empty-title">{filtered ? t('home.noMatch') : t('home.none')}</p>
      <p className="quiet">{filtered ? t('home.noMatchHint') : t('home.noneHint')}</p>
      {filtered && <Button onClick={onClear}>{t('home.clear')}</Button>}
    </div>
  );
}

/** How many, honestly: while there are more to load, of how many these are some. */
function counted(page: SitePage | null, shown: number, city: string | null): string {
  if (page === null) return t('home.places');
  if (page.next !== null) return tn('home.some', page.total, { shown });
  return city === null ? tn('home.count', page.total) : tn('home.countIn', shown, { city });
}

/** More would push the map off a phone's screen; the rest is found by typing. */
const mostChips = 12;

/** Where a person probably is: the city of the nearest place, or the one with the most. With more places than were read, everywhere. */
function first(cities: CityCount[], found: SiteSummary[], near: boolean): string | null {
  const name = near ? found[0]?.city : cities[0]?.name;
  const whole = found.filter((site) => site.city === name).length === cities.find((city) => city.name === name)?.sites;
  return name !== undefined && whole ? name : null;
}
