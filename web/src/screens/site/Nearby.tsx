import { useState } from 'react';
import { api } from '../../api/endpoints';
import type { Site, Size } from '../../api/types';
import { useResource } from '../../api/useResource';
import { go } from '../../app/router';
import { freeAt } from '../../parts/siteState';
import { t, tn } from '../../text/t';
import { CityMap } from '../home/CityMap';
import { SiteRow } from '../home/SiteRow';
import './Nearby.css';

/** Where else, when this place is full or not quite right: the closest ones that have something free. */
export function Nearby({ site, size }: { site: Site; size: Size | null }) {
  const [active, setActive] = useState<string | null>(null);
  const found = useResource(`near/${site.id}`, (signal) => api.sites({ at: site, limit: 12 }, signal));
  const others = (found.data?.items ?? [])
    .filter((other) => other.id !== site.id && other.city === site.city && other.openNow && freeAt(other, size) > 0)
    .slice(0, 4);
  if (others.length === 0) return null;
  return (
    <section className="nearby" aria-labelledby="nearby">
      <h2 id="nearby">{t('site.nearby')}</h2>
      <div>
        <ul className="nearby-list">{others.map((other) => <SiteRow key={other.id} site={other} size={size} active={other.id === active} onActive={setActive} />)}</ul>
        <CityMap
          sites={[site, ...others]} size={size} here={null} active={active ?? site.id} label={t('home.mapLabel', { places: tn('map.places', others.length + 1) })}
          onActive={(siteId) => { if (siteId !== null && siteId !== site.id) go(`/site/${siteId}`); }} onCity={() => undefined}
        />
      </div>
    </section>
  );
}
