import { ask } from './client';
import { aMoment, toTheEnd } from './door';
import type { Command, DoorState, LeaseSite, Money, Payment, Size } from './types';
import type { ShareState } from './shares';

type DepositStage = 'paying' | 'placing' | 'stored' | 'collecting' | 'returning' | 'collected' | 'returned' | 'cancelled' | 'cleared' | 'expired';
export type Payer = 'sender' | 'receiver';
interface DepositLocker { id: string; label: string; size: Size; typeFirst: string }

/** What somebody has left for somebody else, as the sender sees it. */
export interface Deposit {
  id: string; stage: DepositStage; overdue: boolean; createdAt: string; site: LeaseSite; bank: { id: string; name: string; online: boolean | null }; locker: DepositLocker;
  pays: Payer; receiver: { name: string; email: string | null; phone: string | null }; hours: number; holdUntil: string; storedAt: string | null; until: string | null; overAt: string | null;
  perHour: Money; owed: Money;
  /** Its own sensor saw nothing behind the door after it was shut. */
  empty: boolean;
  /** The bank cannot see its doors: the sender said that it is inside. */
  said: boolean;
  door: DoorState; command: Command | null; payment: Payment | null; may: ('pay' | 'open' | 'stored' | 'other-locker' | 'cancel' | 'return')[];
}

/** What waits for somebody who is signed in, found by their own addresses. */
interface WaitingDeposit {
  id: string; from: string; site: LeaseSite; bank: { id: string; name: string; online: boolean | null }; locker: DepositLocker; storedAt: string; until: string | null; overdue: boolean;
  perHour: Money; owed: Money; toPay: Money | null;
}

export interface DepositWish { siteId: string; size: Size; receiverEmail?: string; receiverPhone?: string; receiverName?: string; pays: Payer; hours: number }

export interface Delegate { id: string; name: string; state: ShareState; madeAt: string }

/** The same as whoever may take it out sees it, with the link and no account. */
export interface SeenDeposit {
  depositId: string; stage: DepositStage; overdue: boolean; role: 'receiver' | 'delegate'; state: ShareState; from: string; site: LeaseSite; bank: { id: string; name: string; online: boolean | null };
  locker: DepositLocker; door: DoorState; storedAt: string; until: string | null; overAt: string | null; perHour: Money; owed: Money;
  /** To be paid before the door opens. */
  toPay: Money | null;
  code: { typeFirst: string; pin: string } | null; pass: { text: string; validUntil: string } | null; ready: boolean; delegates: Delegate[]; command: Command | null; payment: Payment | null;
}

/** Either something has to be paid first, or the door is being opened. */
export interface Opening { depositId: string; payment: Payment | null; command: Command | null }

const id = encodeURIComponent;

export const deposits = {
  make: (wish: DepositWish, key: string) => ask<Deposit>('/deposits', { method: 'POST', body: wish, key }),
  mine: (filter: 'live' | 'past', signal?: AbortSignal) => ask<{ items: Deposit[]; next: string | null }>(`/deposits?filter=${filter}`, { signal }),
  one: (depositId: string, signal?: AbortSignal) => ask<Deposit>(`/deposits/${id(depositId)}`, { signal }),
  open: (depositId: string, key: string) => ask<Command>(`/deposits/${id(depositId)}/open`, { method: 'POST', key, ...aMoment }),
  otherLocker: (depositId: string, key: string) => ask<Deposit>(`/deposits/${id(depositId)}/other-locker`, { method: 'POST', key }),
  stored: (depositId: string) => ask<Deposit>(`/deposits/${id(depositId)}/stored`, { method: 'POST' }),
  waiting: (signal?: AbortSignal) => ask<{ items: WaitingDeposit[] }>('/deposits/waiting', { signal }),
  cancel: (depositId: string) => ask<Deposit>(`/deposits/${id(depositId)}/cancel`, { method: 'POST' }),
  takeBack: (depositId: string, key: string) => ask<Opening>(`/deposits/${id(depositId)}/return`, { method: 'POST', key, ...aMoment }),

  see: (secret: string, signal?: AbortSignal) => ask<SeenDeposit>('/deposits/see', { method: 'POST', body: { secret }, signal, anonymous: true }),
  collect: (secret: string, key: string) => ask<Opening>('/deposits/collect', { method: 'POST', body: { secret }, key, ...aMoment, anonymous: true }),
  collectWithCode: (lockerId: string, code: string, key: string) => ask<Opening>(`/deposits/lockers/${id(lockerId)}/collect`, { method: 'POST', body: { code }, key, ...toTheEnd, anonymous: true }),
  newCode: (lockerId: string, address: { email: string } | { phone: string } | null) => ask<{ minutes: number }>(`/deposits/lockers/${id(lockerId)}/request-otp`, { method: 'POST', body: address ?? {}, anonymous: address !== null }),
  nameDelegate: (secret: string, name: string) => ask<{ delegate: Delegate; path: string; code: string; typeFirst: string }>('/deposits/delegates', { method: 'POST', body: { secret, name }, anonymous: true }),
  removeDelegate: (secret: string, delegateId: string) => ask<void>('/deposits/delegates/remove', { method: 'POST', body: { secret, id: delegateId }, anonymous: true }),
};
