import type { Command, Lease, Money } from '../src/api/types';

const rupees = (minor: number): Money => ({ minor, currency: 'INR' });

export const noon = Date.parse('2026-11-21T06:30:00Z');
export const at = (seconds: number): string => new Date(noon + seconds * 1000).toISOString();

/** An active rental of door 14, never opened; a test changes what it is about. */
export function lease(change: Partial<Lease> = {}): Lease {
  return {
    id: 'l', kind: 'rental', state: 'active', createdAt: at(-600),
    site: { id: 's', name: 'Pune Junction', address: 'Station Road', city: 'Pune', timeZone: 'Asia/Kolkata' },
    bank: { id: 'b', name: 'Bank 2', online: true },
    locker: { id: 'k', number: 14, label: '14', size: 'M', features: [], column: 1, row: 0, rowSpan: 2, neighbours: [], columns: 3 },
    holdUntil: at(300), hours: 3, paidFrom: at(-60), paidUntil: at(10_740), endedAt: null,
    tariff: {
      currency: 'INR', perHour: { M: rupees(5000) }, capPerDay: { M: rupees(40_000) },
      freeMinutes: 0, graceMinutes: 15, overduePerHour: { M: rupees(5000) }, overdueCap: { M: rupees(40_000) },
      billing: 'running', deposit: { M: rupees(0) }, taxBasisPoints: 1800, warnMinutes: 15, staffAfterHours: 24,
    },
    sizePriced: 'M', quote: rupees(15_000), toAuthorise: rupees(15_000), desk: false, replacedBy: null, reopenUntil: null, soFar: rupees(5000), openedEver: false,
    door: { state: 'closed', since: null }, command: null, payment: null, may: ['open', 'finish'], offline: { ready: false, pinSetAt: null, cards: [] },
    ...change,
  };
}

export function command(change: Partial<Command>): Command {
  return {
    id: 'c', leaseId: 'l', lockerId: 'k', kind: 'open', state: 'sent', final: false, reason: null,
    createdAt: at(-5), expiresAt: at(10), settledAt: null, ...change,
  };
}
