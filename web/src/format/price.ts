import type { BySize, Money, Size, Tariff } from '../api/types';
import { times } from './money';

/** What `hours` would cost: by the hour, and never more in 24 hours than the day's cap. The server's quote is what counts. */
export function estimate(tariff: Tariff, size: Size, hours: number): Money | null {
  const perHour = tariff.perHour[size];
  if (perHour === undefined) return null;
  const cap = tariff.capPerDay[size]?.minor ?? Infinity;
  const dayLong = Math.min(perHour.minor * 24, cap);
  const rest = Math.min(times(perHour, hours % 24).minor, cap);
  return { minor: Math.floor(hours / 24) * dayLong + rest, currency: perHour.currency };
}

export function cheapest(perHour: BySize<Money>): Money | null {
  const prices = Object.values(perHour).sort((a, b) => a.minor - b.minor);
  return prices[0] ?? null;
}
