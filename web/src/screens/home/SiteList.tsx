import { useEffect, useRef } from 'react';
import type { Feature, SiteSummary, Size } from '../../api/types';
import { Button } from '../../parts/Button';
import { t } from '../../text/t';
import { SiteRow } from './SiteRow';
import './SiteList.css';

interface SiteListProps {
  sites: SiteSummary[]; size: Size | null; features: Feature[]; active: string | null; byCity: boolean; more: (() => void) | null;
  onActive: (siteId: string | null) => void;
}

export function SiteList({ sites, size, features, active, byCity, more, onActive }: SiteListProps) {
  const cities = byCity ? [...new Set(sites.map((site) => site.city))] : [null];
  return (
    <>
      {cities.map((city) => (
        <section key={city} className="site-list" aria-label={city ?? t('home.places')}>
          {city !== null && <h3>{city}</h3>}
          <ul>
            {sites.filter((site) => city === null || site.city === city).map((site) => (
              <SiteRow key={site.id} site={site} size={size} features={features} active={site.id === active} onActive={onActive} />
            ))}
          </ul>
        </section>
      ))}
      {more !== null && <More key={sites.length} onMore={more} />}
    </>
  );
}

/** Loads more when it comes into sight; a button as well, for those who do not scroll. */
function More({ onMore }: { onMore: () => void }) {
  const end = useRef<HTMLDivElement>(null);
  const latest = useRef(onMore);
  latest.current = onMore;
  useEffect(() => {
    if (end.current === null) return;
    const observer = new IntersectionObserver(([entry]) => { if (entry?.isIntersecting) latest.current(); }, { rootMargin: '300px' });
    observer.observe(end.current);
    return () => observer.disconnect();
  }, []);
  return <div ref={end} className="site-more"><Button onClick={onMore}>{t('action.more')}</Button></div>;
}
