import { ask } from './client';
import { aMoment } from './door';
import type { Command, DoorState, Feature, Money, Size } from './types';

/** What the desk of a site sees and does. */
export interface SiteAtWork { id: string; name: string; city: string; timeZone: string; banks: number; lockers: number; taken: number; alerts: number; visits: boolean; desk: boolean }
export type AlertKind = 'offline' | 'held-open' | 'forced' | 'tamper' | 'jam' | 'low-battery' | 'fault' | 'ticket' | 'called' | 'overdue';
interface FloorLease { id: string; kind: 'rental' | 'visit' | 'keypad' | 'deposit' | 'reopen'; state: string; since: string; until: string | null; holder: string | null; number: string | null; called: string | null }
type FloorState = 'free' | 'held' | 'taken' | 'overdue' | 'out';
export interface FloorLocker {
  id: string; bankId: string; number: number; label: string; size: Size; features: Feature[]; column: number; row: number; rowSpan: number;
  state: FloorState; door: DoorState; doorSince: string | null; occupied: boolean | null; lease: FloorLease | null; command: boolean; alerts: AlertKind[];
}
export interface FloorBank { id: string; name: string; mode: 'rental' | 'keypad' | 'visit' | 'gate'; columns: number; deviceId: string; online: boolean | null; lastSeen: string | null; issue: string | null; battery: number | null; alerts: AlertKind[] }
export interface FloorFacts { lockers: number; taken: number; outOfService: number; inside: number | null; openings: number; notOpened: number; alerts: number; oldestAlert: string | null }
export interface Floor { id: string; name: string; timeZone: string; banks: FloorBank[]; lockers: FloorLocker[]; facts: FloorFacts | null }

export interface HistoryEntry {
  key: string; at: string; what: string; bank: string | null; lockerId: string | null; locker: string | null;
  by: 'staff' | 'customer' | 'share' | 'card' | 'pin' | 'pass' | 'device' | 'server'; who: string | null; card: string | null; reason: string | null; outcome: string | null; leaseId: string | null; charged: Money | null;
}
interface HistoryPage { items: HistoryEntry[]; next: string | null }
interface HistorySearch { locker?: string; lockerId?: string; card?: string; from?: string; to?: string; cursor?: string; limit?: number }

export interface Alert {
  id: string; kind: AlertKind; siteId: string; site: string; bankId: string; bank: string; lockerId: string | null; locker: string | null; detail: string | null; ticketId: string | null; ticket: string | null;
  raisedAt: string; acknowledgedAt: string | null; acknowledgedBy: string | null; resolvedAt: string | null; resolvedBy: string | null;
}
interface AlertPage { items: Alert[]; open: number; next: string | null }

export const openReasons = ['holder-asked', 'stuck', 'check', 'cleaning', 'left-behind', 'emergency', 'other'] as const;
export const releaseReasons = ['holder-asked', 'overdue', 'left-behind', 'lost-card', 'closing', 'left', 'broken', 'abuse', 'other'] as const;
export const outReasons = ['broken', 'dirty', 'check', 'other'] as const;
export const backReasons = ['repaired', 'cleaned', 'check', 'other'] as const;

export interface DeviceAtWork {
  id: string; bankId: string | null; bank: string | null; siteId: string | null; site: string | null; owned: boolean; model: string; firmware: string | null; online: boolean | null; lastSeen: string | null; issue: string | null;
  battery: number | null; claimedAt: string | null; certificateEndsAt: string | null; keyOfferedAt: string | null; warning: string | null;
}
export interface Claim { id: string; bankId: string; state: 'open' | 'waiting' | 'confirmed' | 'refused' | 'expired'; createdAt: string; expiresAt: string; model: string | null; fingerprint: string | null; askedAt: string | null }

export interface DeskPayment { paymentId: string; leaseId: string; siteId: string; lockerLabel: string; hours: number; amount: Money; state: string; holdUntil: string }
/** `reason`: why its provider could not give it back; null for what a desk had taken. */
export interface DeskRefund { orderId: string; lockerLabel: string; receiptNumber: string | null; amount: Money; since: string; provider: string; method: string | null; reason: string | null }

export interface StaffPerson { id: string; name: string; email: string | null; phone: string | null; role: 'customer' | 'courier' | 'operator' | 'admin'; secondStep: boolean; sites: string[] }

/** Somebody with an account, whatever their role. */
export interface Account { id: string; name: string; email: string | null; phone: string | null; role: StaffPerson['role']; createdAt: string }

export interface TariffRates {
  currency: string; rates: Partial<Record<Size, { perHour: number; capPerDay: number; overduePerHour: number; overdueCap: number; deposit: number }>>; freeMinutes: number; graceMinutes: number;
  billing: 'running' | 'prepaid'; taxBasisPoints: number; warnMinutes: number; staffAfterHours: number;
}
export interface DatedTariff { begins: string; state: 'past' | 'current' | 'coming'; setAt: string; tariff: TariffRates }

const id = encodeURIComponent;

function query(values: object): string {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined && value !== '') said.set(name, String(value));
  const text = said.toString();
  return text === '' ? '' : `?${text}`;
}

export const atWork = {
  sites: (signal?: AbortSignal) => ask<{ items: SiteAtWork[] }>('/staff/sites', { signal }),
  floor: (siteId: string, signal?: AbortSignal) => ask<Floor>(`/staff/sites/${id(siteId)}/floor`, { signal }),
  doors: (siteId: string, lockers: string[], signal?: AbortSignal) => ask<Floor>(`/staff/sites/${id(siteId)}/floor?${lockers.map((each) => `locker=${id(each)}`).join('&')}`, { signal }),
  history: (siteId: string, search: HistorySearch, signal?: AbortSignal) => ask<HistoryPage>(`/staff/sites/${id(siteId)}/history${query(search)}`, { signal }),
  open: (lockerId: string, reason: string, key: string) => ask<Command>(`/staff/lockers/${id(lockerId)}/open`, { method: 'POST', body: { reason }, key, ...aMoment }),
  release: (lockerId: string, reason: string, key: string) => ask<{ lockerId: string; leaseId: string; kind: string; charged: Money }>(`/staff/lockers/${id(lockerId)}/release`, { method: 'POST', body: { reason }, key }),
  service: (lockerId: string, inService: boolean, reason: string) => ask<void>(`/staff/lockers/${id(lockerId)}/service`, { method: 'PUT', body: { inService, reason } }),
  alerts: (search: { site?: string; resolved?: boolean; cursor?: string }, signal?: AbortSignal) => ask<AlertPage>(`/staff/alerts${query(search)}`, { signal }),
  acknowledge: (alertId: string) => ask<Alert>(`/staff/alerts/${id(alertId)}/acknowledge`, { method: 'POST' }),
  resolve: (alertId: string) => ask<Alert>(`/staff/alerts/${id(alertId)}/resolve`, { method: 'POST' }),
  devices: (signal?: AbortSignal) => ask<{ items: DeviceAtWork[] }>('/devices', { signal }),
  claims: (signal?: AbortSignal) => ask<{ items: Claim[] }>('/devices/claims', { signal }),
  makeClaim: (bankId: string) => ask<{ id: string; bankId: string; code: string; expiresAt: string }>('/devices/claims', { method: 'POST', body: { bankId, hours: 24 } }),
  confirmClaim: (claimId: string, fingerprint: string) => ask<Claim>(`/devices/claims/${id(claimId)}/confirm`, { method: 'POST', body: { fingerprint } }),
  refuseClaim: (claimId: string) => ask<Claim>(`/devices/claims/${id(claimId)}/refuse`, { method: 'POST' }),
  deskPayment: (code: string) => ask<DeskPayment>(`/staff/desk/payments/${id(code)}`),
  takeAtDesk: (code: string, by: 'cash' | 'card', key: string) => ask<DeskPayment>('/staff/desk/payments', { method: 'POST', body: { code, by }, key }),
  refunds: (siteId: string, signal?: AbortSignal) => ask<{ items: DeskRefund[] }>(`/staff/sites/${id(siteId)}/desk/refunds`, { signal }),
  handOut: (orderId: string, key: string) => ask<DeskRefund>(`/staff/desk/refunds/${id(orderId)}`, { method: 'POST', key }),
  people: (cursor?: string, signal?: AbortSignal) => ask<{ items: Account[]; next: string | null }>(`/auth${query({ cursor, limit: 100 })}`, { signal }),
  staff: (signal?: AbortSignal) => ask<{ items: StaffPerson[] }>('/admin/staff', { signal }),
  tariffs: (siteId: string, signal?: AbortSignal) => ask<{ items: DatedTariff[] }>(`/admin/sites/${id(siteId)}/tariffs`, { signal }),
  setTariff: (siteId: string, begins: string, tariff: TariffRates) => ask<unknown>(`/admin/sites/${id(siteId)}/tariffs`, { method: 'PUT', body: { begins: begins === '' ? null : begins, tariff } }),
  takeBack: (siteId: string, begins: string) => ask<unknown>(`/admin/sites/${id(siteId)}/tariffs/${id(begins)}`, { method: 'DELETE' }),
  name: (person: { email?: string; phone?: string; role: StaffPerson['role']; sites: string[] }) => ask<StaffPerson>('/admin/staff', { method: 'PUT', body: person }),
};
