import { locale } from '../text/t';

export function distance(metres: number): string {
  const far = metres >= 950;
  const value = far ? metres / 1000 : Math.round(metres / 50) * 50;
  return new Intl.NumberFormat(locale(), {
    style: 'unit', unit: far ? 'kilometer' : 'meter', unitDisplay: 'short', maximumFractionDigits: far && value < 10 ? 1 : 0,
  }).format(value);
}
