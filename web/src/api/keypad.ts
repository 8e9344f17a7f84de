import { ask } from './client';
import { toTheEnd } from './door';
import type { Command, DoorState, LeaseState, Size } from './types';

export interface Taken { id: string; bankId: string; locker: string; state: LeaseState; codeDigits: number }
export interface Mine { id: string; locker: string; size: Size; door: DoorState }

const id = encodeURIComponent;

export const keypad = {
  take: (bankId: string, body: { lockerId: string; phone: string; language: 'en' | 'hi' }, key: string) =>
    ask<Taken>(`/keypad/banks/${id(bankId)}/lockers`, { method: 'POST', body, key, anonymous: true }),
  taken: (leaseId: string, signal?: AbortSignal) => ask<Taken>(`/keypad/lockers/${id(leaseId)}`, { signal, anonymous: true }),
  mine: (bankId: string, number: string) => ask<{ items: Mine[] }>(`/keypad/banks/${id(bankId)}/mine`, { method: 'POST', body: { number }, anonymous: true }),
  open: (leaseId: string, body: { number: string; code: string }, key: string) =>
    ask<Command>(`/keypad/lockers/${id(leaseId)}/open`, { method: 'POST', body, key, ...toTheEnd, anonymous: true }),
  giveBack: (leaseId: string, body: { number: string; code: string }, key: string) =>
    ask<{ id: string; locker: string }>(`/keypad/lockers/${id(leaseId)}/finish`, { method: 'POST', body, key, anonymous: true }),
};
