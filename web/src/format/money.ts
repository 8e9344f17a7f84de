import type { Money } from '../api/types';
import { locale } from '../text/t';

/** "₹50.00": from minor units, with as many decimals as the currency has (none for JPY, three for KWD). */
export function money({ minor, currency }: Money): string {
  const format = new Intl.NumberFormat(locale(), { style: 'currency', currency });
  const decimals = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(minor / 10 ** decimals);
}

/** "18%", from hundredths of a percent. */
export function percent(basisPoints: number): string {
  return new Intl.NumberFormat(locale(), { style: 'percent', maximumFractionDigits: 2 }).format(basisPoints / 10_000);
}

export function times({ minor, currency }: Money, n: number): Money {
  return { minor: minor * n, currency };
}
