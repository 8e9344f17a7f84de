import { Link } from '../../app/Link';
import type { Feature, SiteSummary, Size } from '../../api/types';
import { distance } from '../../format/distance';
import { money } from '../../format/money';
import { cheapest } from '../../format/price';
import { SitePill } from '../../parts/siteState';
import { t } from '../../text/t';

interface SiteRowProps { site: SiteSummary; size: Size | null; features?: Feature[]; active: boolean; onActive: (siteId: string | null) => void }

export function SiteRow({ site, size, features = [], active, onActive }: SiteRowProps) {
  const price = size === null ? cheapest(site.perHour) : (site.perHour[size] ?? null);
  return (
    <li className={`site-row ${active ? 'active' : ''}`} data-site={site.id}>
      <Link
        href={siteLink(site.id, size, features)}
        onMouseEnter={() => onActive(site.id)} onMouseLeave={() => onActive(null)} onFocus={() => onActive(site.id)} onBlur={() => onActive(null)}
      >
        <span className="site-row-name">{site.name}</span>
        <SitePill site={site} size={size} />
        <span className="site-row-where">{site.distanceMetres !== null && <strong className="num">{distance(site.distanceMetres)}</strong>} {site.address}</span>
        {price !== null && (
          <span className="site-row-price num">{size === null ? t('site.from', { price: money(price) }) : t('site.perHour', { price: money(price) })}</span>
        )}
      </Link>
    </li>
  );
}

/** The way to a site, with what was asked for here. */
export function siteLink(siteId: string, size: Size | null, features: Feature[]): string {
  const query = new URLSearchParams({ ...(size === null ? {} : { size }), ...(features.length === 0 ? {} : { features: features.join() }) }).toString();
  return `/site/${siteId}${query === '' ? '' : `?${query}`}`;
}
