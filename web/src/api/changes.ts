import { ask } from './client';
import { aMoment } from './door';
import type { Command, DoorState, Lease, Money, Size } from './types';

/** What a rental is to become; it counts once it is paid for. */
export interface Change { id: string; kind: 'extend' | 'swap'; hours: number | null; size: Size | null; amount: Money; state: 'waiting' | 'done' | 'gone'; expiresAt: string; checkoutUrl: string | null }
interface Extension { hours: number; until: string; price: Money; amount: Money }
interface Extensions { possible: string | null; items: Extension[]; waiting: Change | null }
interface Swap { size: Size; locker: string; bank: string; price: Money; amount: Money }
interface Swaps { wait: 'door-open' | 'not-empty' | 'door-stuck' | 'command-pending' | null; items: Swap[]; waiting: Change | null }

export const problems = ['stuck', 'not-empty', 'dirty', 'broken', 'other'] as const;
export type ProblemKind = (typeof problems)[number];
export interface Report { what: ProblemKind; want: 'staff' | 'another' | 'money'; inside?: boolean }
export interface Ticket {
  id: string; number: string; siteId: string; site: string; bank: string; locker: string; what: ProblemKind; inside: boolean; outOfService: boolean; door: DoorState; openedAt: string; closedAt: string | null;
}

const id = encodeURIComponent;

export const changes = {
  extensions: (leaseId: string, signal?: AbortSignal) => ask<Extensions>(`/leases/${id(leaseId)}/extensions`, { signal }),
  extend: (leaseId: string, hours: number, key: string) => ask<Change>(`/leases/${id(leaseId)}/extensions`, { method: 'POST', body: { hours }, key }),
  swaps: (leaseId: string, signal?: AbortSignal) => ask<Swaps>(`/leases/${id(leaseId)}/swap`, { signal }),
  swap: (leaseId: string, size: Size, key: string) => ask<Change>(`/leases/${id(leaseId)}/swap`, { method: 'POST', body: { size }, key }),
  report: (leaseId: string, report: Report, key: string) => ask<{ ticket: string; lease: Lease }>(`/leases/${id(leaseId)}/problems`, { method: 'POST', body: report, key }),
  reopen: (leaseId: string, key: string) => ask<Command>(`/leases/${id(leaseId)}/reopen`, { method: 'POST', key, ...aMoment }),
  tickets: (closed: boolean, cursor?: string, signal?: AbortSignal) =>
    ask<{ items: Ticket[]; next: string | null }>(`/staff/tickets?closed=${closed}${cursor === undefined ? '' : `&cursor=${id(cursor)}`}`, { signal }),
  closeTicket: (ticketId: string, inService: boolean) => ask<void>(`/staff/tickets/${id(ticketId)}/close`, { method: 'POST', body: { inService } }),
};
