import { serverNow } from '../api/clock';
import { locale, t } from '../text/t';

/** All times are shown on the site's clock: a locker in Pune opens at Pune's six o'clock, wherever its customer is. */
type When = string | number;

function formatted(at: When, timeZone: string | undefined, options: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(locale(), { ...options, ...(timeZone === undefined ? {} : { timeZone }), hourCycle: 'h23' }).format(new Date(at));
}

/** Of who looks: for what happened at no place, such as a message or a sign-in. */
export const zoneHere = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

export function clock(at: When, timeZone?: string): string {
  return formatted(at, timeZone, { hour: '2-digit', minute: '2-digit' });
}

export function clockSeconds(at: When, timeZone?: string): string {
  return formatted(at, timeZone, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
}

/** "today 17:30", "tomorrow 08:00", "Fri 12 Dec, 08:00". */
export function day(at: When, timeZone: string): string {
  const apart = daysApart(serverNow(), at, timeZone);
  if (apart === 0) return t('time.today', { time: clock(at, timeZone) });
  if (apart === 1) return t('time.tomorrow', { time: clock(at, timeZone) });
  if (apart === -1) return t('time.yesterday', { time: clock(at, timeZone) });
  return dateTime(at, timeZone);
}

export function dateTime(at: When, timeZone: string): string {
  return `${formatted(at, timeZone, { weekday: 'short', day: 'numeric', month: 'short' })}, ${clock(at, timeZone)}`;
}

export function fullDate(at: When, timeZone: string): string {
  return `${formatted(at, timeZone, { day: 'numeric', month: 'long', year: 'numeric' })}, ${clock(at, timeZone)}`;
}

export function zoneName(at: When, timeZone: string): string {
  const parts = new Intl.DateTimeFormat(locale(), { timeZone, timeZoneName: 'short' }).formatToParts(new Date(at));
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? timeZone;
}

function daysApart(from: When, to: When, timeZone: string): number {
  const midnight = (at: When): number => {
    const [year = 0, month = 1, date = 1] = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' })
      .format(new Date(at)).split('-').map(Number);
    return Date.UTC(year, month - 1, date);
  };
  return Math.round((midnight(to) - midnight(from)) / 86_400_000);
}

/** "14:59", or "1:02:03" from an hour on. */
export function countdown(milliseconds: number): string {
  const left = Math.max(0, Math.ceil(milliseconds / 1000));
  const two = (n: number): string => String(n).padStart(2, '0');
  const hours = Math.floor(left / 3600);
  const minutes = Math.floor(left / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(left % 60)}` : `${minutes}:${two(left % 60)}`;
}

export function weekday(index: number, style: 'long' | 'short'): string {
  // 1 January 2024 was a Monday, which the contract calls day 0.
  return new Intl.DateTimeFormat(locale(), { weekday: style, timeZone: 'UTC' }).format(Date.UTC(2024, 0, 1 + index));
}

/** Today's weekday at the place, 0 = Monday. */
export function today(timeZone: string): number {
  const name = new Intl.DateTimeFormat('en-GB', { weekday: 'short', timeZone }).format(new Date(serverNow()));
  return ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(name);
}
