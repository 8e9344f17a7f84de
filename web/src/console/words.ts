import type { Alert, AlertKind, HistoryEntry } from '../api/console';
import { issueWords } from '../parts/issueWords';
import { coded, type Plain, t } from '../text/t';

const families = { reason: 'console.reason', what: 'console.what', outcome: 'console.outcome', by: 'console.by' } as const;

/** What the journal says, in the console's words. */
export function word(family: keyof typeof families, code: string): string {
  return coded(families[family], code);
}

export const alertWords: Record<AlertKind, Plain> = {
  offline: 'console.alert.offline', 'held-open': 'console.alert.held-open', forced: 'console.alert.forced', tamper: 'console.alert.tamper', jam: 'console.alert.jam',
  'low-battery': 'console.alert.low-battery', fault: 'console.alert.fault', ticket: 'console.alert.ticket', called: 'console.alert.called', overdue: 'console.alert.overdue',
};

/** "Bath house, left · 14". */
export function place(bank: string | null, locker: string | null): string {
  return [bank, locker].filter((part) => part !== null && part !== '').join(' · ');
}

export function alertDetail(alert: Alert): string | null {
  if (alert.detail === null) return null;
  return alert.kind === 'fault' || alert.kind === 'low-battery' ? issueWords(alert.detail) : word('reason', alert.detail);
}

/** Who, by what, and why, as one line. */
export function whoWhy(entry: HistoryEntry): string {
  const who = entry.card !== null && entry.by !== 'staff' ? t('console.card', { end: entry.card }) : entry.who;
  const reason = entry.reason === null ? null : entry.what.startsWith('device-') ? issueWords(entry.reason) : entry.what.startsWith('alert-') ? t(alertWords[entry.reason as AlertKind] ?? 'console.alert.fault') : word('reason', entry.reason);
  return [word('by', entry.by), who, reason].filter((part): part is string => part !== null && part !== '').join(', ');
}

/** What became of it, and how it is coloured. */
export function outcomeTone(entry: HistoryEntry): 'free' | 'yours' | 'busy' | 'warn' | 'fault' | null {
  switch (entry.outcome) {
    case null: return entry.what === 'door-forced' || entry.what === 'door-jammed' ? 'fault' : entry.what === 'door-left-open' || entry.what === 'door-never-closed' || entry.what === 'device-offline' ? 'warn' : null;
    case 'opened': case 'pulsed': case 'unlocked': case 'locked': case 'ended': case 'open': return 'free';
    case 'begun': case 'yours': case 'again': return 'yours';
    case 'pending': case 'sent': return 'busy';
    default: return 'warn';
  }
}
