import type { Opening } from '../api/types';
import { t } from '../text/t';
import { today, weekday } from './time';

interface HoursRow { days: string; hours: string; today: boolean }

/** The week, with neighbouring days of the same hours drawn together: "Mon to Fri 06:00 to 23:00". */
export function week(openings: Opening[], timeZone: string): HoursRow[] {
  if (openings.length === 0) return [];
  const now = today(timeZone);
  const rows: { first: number; last: number; hours: string }[] = [];
  for (let index = 0; index < 7; index += 1) {
    const of = openings.filter((opening) => opening.day === index);
    const hours = of.length === 0 ? t('hours.closed') : of.map((opening) => t('hours.span', opening)).join(', ');
    const last = rows.at(-1);
    if (last !== undefined && last.hours === hours) last.last = index;
    else rows.push({ first: index, last: index, hours });
  }
  return rows.map(({ first, last, hours }) => ({
    days: first === 0 && last === 6 ? t('hours.daily')
      : first === last ? weekday(first, 'long')
        : t('hours.days', { first: weekday(first, 'short'), last: weekday(last, 'short') }),
    hours,
    today: first <= now && now <= last,
  }));
}
