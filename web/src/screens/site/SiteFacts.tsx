import { Clock, MapPin } from 'lucide-react';
import type { Site } from '../../api/types';
import { addressOf } from '../../format/address';
import { week } from '../../format/hours';
import { zoneName } from '../../format/time';
import { serverNow } from '../../api/clock';
import { SitePill } from '../../parts/siteState';
import { t } from '../../text/t';
import './SiteFacts.css';

export function SiteFacts({ site }: { site: Site }) {
  const rows = week(site.openingHours, site.timeZone);
  const zone = zoneName(serverNow(), site.timeZone);
  const now = rows.find((row) => row.today);
  return (
    <div className="site-facts">
      <p><MapPin size={18} aria-hidden="true" /><span>{addressOf(site)}</span></p>
      {rows.length <= 1
        ? <p className="num"><Clock size={18} aria-hidden="true" /><span>{now === undefined ? t('hours.always') : t('hours.each', { hours: now.hours, zone })}</span></p>
        : (
          <details>
            <summary className="num"><Clock size={18} aria-hidden="true" /><span>{t('hours.today', { hours: now?.hours ?? t('hours.closed'), zone })}</span></summary>
            <table className="num">
              <caption className="hidden">{t('hours.title')}</caption>
              <tbody>{rows.map((row) => <tr key={row.days} data-today={row.today}><th scope="row">{row.days}</th><td>{row.hours}</td></tr>)}</tbody>
            </table>
          </details>
        )}
      <SitePill site={site} size={null} />
    </div>
  );
}
