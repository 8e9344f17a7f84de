import { ask } from './client';
import { aMoment } from './door';
import type { Command, DoorState, LeaseSite, Size } from './types';

export type ShareState = 'waiting' | 'good' | 'used' | 'expired' | 'taken-back' | 'rental-over';
export interface Share { id: string; name: string; once: boolean; state: ShareState; from: string; until: string | null; madeAt: string; openings: number; openedAt: string | null }
interface ShareWish { once: boolean; name?: string; until?: string }

/** A locker as somebody with a link sees it. */
export interface Shared {
  state: ShareState; once: boolean; from: string; until: string | null; sharedBy: string;
  site: LeaseSite; bank: { id: string; name: string; online: boolean | null }; locker: string; size: Size; door: DoorState;
  code: { typeFirst: string; pin: string } | null; pass: { text: string; validUntil: string } | null;
  /** The bank knows the code, so that it opens also while the bank is off line. */
  ready: boolean; command: Command | null;
}

const id = encodeURIComponent;

export const shares = {
  of: (leaseId: string, signal?: AbortSignal) => ask<{ items: Share[] }>(`/leases/${id(leaseId)}/shares`, { signal }),
  make: (leaseId: string, wish: ShareWish) => ask<{ share: Share; path: string }>(`/leases/${id(leaseId)}/shares`, { method: 'POST', body: wish }),
  takeBack: (leaseId: string, shareId: string) => ask<void>(`/leases/${id(leaseId)}/shares/${id(shareId)}`, { method: 'DELETE' }),
  look: (secret: string, signal?: AbortSignal) => ask<Shared>('/shared', { method: 'POST', body: { secret }, signal, anonymous: true }),
  open: (secret: string, key: string) => ask<Command>('/shared/open', { method: 'POST', body: { secret }, key, ...aMoment, anonymous: true }),
};
