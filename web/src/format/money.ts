import type { Money } from '../api/types';
import { locale } from '../text/t';

/** "₹50.00": from minor units, with as many decimals as the currency has (none for JPY, three for KWD). */
export function money({ minor, currency }: Money): string {
  return new Intl.NumberFormat(locale(), { style: 'currency', currency }).format(minor / 10 ** decimals(currency));
}

/** "50.00": as people type it into a field that names the currency. */
export function typed({ minor, currency }: Money): string {
  return (minor / 10 ** decimals(currency)).toFixed(decimals(currency));
}

/** The minor units of what was typed. */
export function minorOf(amount: number, currency: string): number {
  return Math.round(amount * 10 ** decimals(currency));
}

function decimals(currency: string): number {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
}

/** "18%", from hundredths of a percent. */
export function percent(basisPoints: number): string {
  return new Intl.NumberFormat(locale(), { style: 'percent', maximumFractionDigits: 2 }).format(basisPoints / 10_000);
}

export function times({ minor, currency }: Money, n: number): Money {
  return { minor: minor * n, currency };
}
