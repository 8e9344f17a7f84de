import { ask } from './client';
import type { DoorState, Money } from './types';

export interface Visit {
  id: string; card: string; bank: string; locker: string; since: string; door: DoorState; occupied: boolean | null; online: boolean | null;
  called: 'door-open' | 'not-empty' | 'pay' | null; calledAt: string | null; leftAt: string | null; owed: Money; due: Money;
}
export interface Visits { site: string; closed: boolean; desk: boolean; items: Visit[] }
export interface Tap { at: string; way: 'in' | 'out' | 'bank' | 'finish'; reader: string; card: string; said: string; locker: string | null; visit: string | null; charged: Money | null }
export const endReasons = ['closing', 'left', 'left-behind', 'left-open', 'lost-card', 'broken', 'other'] as const;
export type EndReason = (typeof endReasons)[number];

const id = encodeURIComponent;

/** Lockers that are got with a card at a pool or a gym, as the staff there see them. */
export const visits = {
  list: (siteId: string, signal?: AbortSignal) => ask<Visits>(`/staff/sites/${id(siteId)}/visits`, { signal }),
  taps: (siteId: string, search: string, before?: string, signal?: AbortSignal) => {
    const query = new URLSearchParams();
    // Lockers have labels of three digits and fewer; a card's number is longer.
    if (search !== '') query.set(search.length < 4 ? 'locker' : 'card', search);
    if (before !== undefined) query.set('before', before);
    return ask<{ items: Tap[]; next: string | null }>(`/staff/sites/${id(siteId)}/taps?${query.toString()}`, { signal });
  },
  end: (visitId: string, reason: EndReason, key: string) => ask<{ id: string; charged: Money }>(`/staff/visits/${id(visitId)}/end`, { method: 'POST', body: { reason }, key }),
  /** What is due as it was seen: where an hour has begun since, it is asked again. */
  takePayment: (visitId: string, by: 'cash' | 'card', minor: number, key: string) => ask<{ id: string; amount: Money; until: string }>(`/staff/visits/${id(visitId)}/payment`, { method: 'POST', body: { by, minor }, key }),
  newCard: (visitId: string, card: string) => ask<{ id: string; card: string }>(`/staff/visits/${id(visitId)}/card`, { method: 'PUT', body: { card } }),
};
