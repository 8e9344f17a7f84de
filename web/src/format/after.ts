import type { Size, Tariff } from '../api/types';
import { money } from './money';
import { t, tn } from '../text/t';

/** What happens after the paid time: said before anything costs, and again while it runs. */
export function after(tariff: Tariff, size: Size): string {
  const perHour = tariff.overduePerHour[size];
  const cap = tariff.overdueCap[size];
  const grace = tariff.graceMinutes > 0 ? `${tn('after.grace', tariff.graceMinutes)} ` : '';
  if (perHour === undefined || perHour.minor === 0) return `${grace}${t('after.free')}`;
  const price = money(perHour);
  return grace + (cap === undefined ? t('after.price', { price }) : t('after.capped', { price, cap: money(cap) }));
}
