import type { EndReason, Visit } from '../api/visits';
import { money } from '../format/money';
import { dateTime } from '../format/time';
import { t } from '../text/t';

/** What somebody must come for; null while nothing is wrong. */
export function warning({ leftAt, called, due }: Visit, timeZone: string): string | null {
  if (leftAt !== null) return t('visits.left', { time: dateTime(leftAt, timeZone) });
  switch (called) {
    case 'door-open': return t('visits.calledOpen');
    case 'not-empty': return t('visits.calledFull');
    case 'pay': return due.minor > 0 ? t('visits.calledPay', { amount: money(due) }) : null;
    case null: return null;
  }
}

/** Where, with which card, since when, and how its money stands. */
export function facts({ bank, card, since, owed, due, online }: Visit, timeZone: string): string[] {
  const said = [bank, t('visits.card', { card }), t('visits.since', { time: dateTime(since, timeZone) })];
  if (owed.minor > 0) said.push(t('visits.owes', { amount: money(owed) }));
  if (owed.minor > due.minor) said.push(t('visits.paid', { amount: money({ ...owed, minor: owed.minor - due.minor }) }));
  if (online === false) said.push(t('visits.offline'));
  return said;
}

/** Why staff would most likely end it. */
export function likely({ leftAt, called }: Visit, closed: boolean): EndReason {
  if (leftAt !== null) return 'left';
  if (called === 'not-empty') return 'left-behind';
  if (called === 'door-open') return 'left-open';
  return closed ? 'closing' : 'other';
}

/** Somebody came, went, stands at the exit, has paid or has another card. */
export const aboutVisits = (what: string): boolean => /^(visit|desk)-/.test(what);
