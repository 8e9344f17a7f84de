import { serverNow } from '../../api/clock';
import type { Site, Size } from '../../api/types';
import { after } from '../../format/after';
import { money, percent } from '../../format/money';
import { estimate } from '../../format/price';
import { day } from '../../format/time';
import { t } from '../../text/t';
import './PricePanel.css';

/** Money and time together, before anything costs: by the hour, until when, and what then. */
export function PricePanel({ site, size, hours }: { site: Site; size: Size; hours: number }) {
  const total = estimate(site.tariff, size, hours);
  const perHour = site.tariff.perHour[size];
  const cap = site.tariff.capPerDay[size];
  const deposit = site.tariff.deposit[size];
  if (total === null || perHour === undefined) return null;
  const until = serverNow() + hours * 3_600_000;
  return (
    <div className="price-panel" aria-live="polite">
      <div className="price-total">
        <strong className="num">{money(total)}</strong>
        <span className="num">{t('book.until', { when: day(until, site.timeZone) })}</span>
      </div>
      <ul className="num">
        <li>{cap === undefined ? t('site.perHour', { price: money(perHour) }) : t('book.rate', { price: money(perHour), cap: money(cap) })}</li>
        <li>{site.tariff.billing === 'prepaid' ? t('price.prepaid') : t('book.reserved')}</li>
        {deposit !== undefined && deposit.minor > 0 && <li>{t('price.deposit', { deposit: money(deposit) })}</li>}
        <li>{t('book.after', { what: after(site.tariff, size) })}</li>
        {site.tariff.taxBasisPoints > 0 && <li>{t('price.tax', { percent: percent(site.tariff.taxBasisPoints) })}</li>}
      </ul>
    </div>
  );
}
