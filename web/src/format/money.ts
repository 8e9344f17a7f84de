import type { Money } from '../api/types';
import { locale } from '../text/t';

/** "₹50.00": from minor units, with as many decimals as the currency has (none for JPY, three for KWD). */
export function money({ minor, currency }: Money): string {
  const format = new Intl.NumberFormat(locale(), { style: 'currency', currency });
  const decimals = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(minor / 10 ** decimals);
}

export function times({ minor, currency }: Money, n: number): Money {
  return { minor: minor * n, currency };
}
