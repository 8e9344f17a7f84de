import { ask } from './client';
import { aMoment } from './door';
import type {
  BankAtSite, Cabinet, CabinetMind, CardAssurance, CardLeast, Checkout, CheckoutResult, Command, Custody, Demo, Feature, HoldRequest, IssuedPass, Lease, LeasePage, LockerAtPoint, MapDrawing, MessageChannel, MessageChoices, MessagePage, NewPin, Payment, Receipt,
  Sent, Site, SitePage, Size, UndeliveredPage,
} from './types';
import type { PhoneProof } from '../screens/lease/pass/phoneKey';

interface SiteQuery {
  query?: string; city?: string | undefined; size?: Size | undefined; features?: Feature[]; open?: 'now' | 'always' | undefined;
  at?: Position | undefined; cursor?: string; limit?: number;
}
export interface Position { latitude: number; longitude: number }

function search(values: Record<string, string | number | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined && value !== '') query.set(name, String(value));
  const text = query.toString();
  return text === '' ? '' : `?${text}`;
}

const id = encodeURIComponent;

export const api = {
  sites: ({ query, city, size, features, open, at, cursor, limit }: SiteQuery, signal?: AbortSignal) =>
    ask<SitePage>(`/sites${search({ query, city, size, features: features?.join(), open, latitude: at?.latitude, longitude: at?.longitude, cursor, limit })}`, { signal }),
  site: (siteId: string, signal?: AbortSignal) => ask<Site>(`/sites/${id(siteId)}`, { signal }),
  locker: (lockerId: string, signal?: AbortSignal) => ask<LockerAtPoint>(`/lockers/${id(lockerId)}`, { signal, anonymous: true }),
  map: () => ask<MapDrawing>('/map'),
  bank: (bankId: string, signal?: AbortSignal) => ask<BankAtSite>(`/banks/${id(bankId)}`, { signal }),

  hold: (siteId: string, body: HoldRequest, key: string) => ask<Lease>(`/sites/${id(siteId)}/holds`, { method: 'POST', body, key }),
  leases: (filter: 'live' | 'past', cursor?: string, signal?: AbortSignal) =>
    ask<LeasePage>(`/leases${search({ filter, cursor, limit: 20 })}`, { signal }),
  lease: (leaseId: string, signal?: AbortSignal) => ask<Lease>(`/leases/${id(leaseId)}`, { signal }),
  cancel: (leaseId: string) => ask<Lease>(`/leases/${id(leaseId)}/cancel`, { method: 'POST' }),
  pay: (leaseId: string, at: 'card' | 'desk', key: string) => ask<Payment>(`/leases/${id(leaseId)}/payments${at === 'desk' ? '?at=desk' : ''}`, { method: 'POST', key }),
  open: (leaseId: string, key: string) =>
    ask<Command>(`/leases/${id(leaseId)}/open`, { method: 'POST', key, ...aMoment }),
  command: (commandId: string, signal?: AbortSignal) => ask<Command>(`/commands/${id(commandId)}`, { signal }),
  pin: (leaseId: string) => ask<NewPin>(`/leases/${id(leaseId)}/pin`, { method: 'POST' }),
  pass: (leaseId: string, phoneKey?: string) => ask<IssuedPass>(`/leases/${id(leaseId)}/pass`, { method: 'POST', body: phoneKey === undefined ? {} : { phoneKey } }),
  setCards: (leaseId: string, cards: { uid: string; least: CardLeast }[]) => ask<Lease['offline']['cards']>(`/leases/${id(leaseId)}/cards`, { method: 'PUT', body: { cards } }),
  finish: (leaseId: string, key: string) => ask<Lease>(`/leases/${id(leaseId)}/finish`, { method: 'POST', key }),
  custody: (leaseId: string) => ask<Custody>(`/leases/${id(leaseId)}/custody`),
  receipt: (leaseId: string, signal?: AbortSignal) => ask<Receipt>(`/leases/${id(leaseId)}/receipt`, { signal }),

  checkout: (token: string, signal?: AbortSignal) => ask<Checkout>(`/sandbox/checkouts/${id(token)}`, { signal }),
  payByCard: (token: string, card: string) =>
    ask<CheckoutResult>(`/sandbox/checkouts/${id(token)}`, { method: 'POST', body: { card } }),

  messages: (cursor?: string, limit?: number, signal?: AbortSignal) => ask<MessagePage>(`/messages${search({ cursor, limit })}`, { signal }),
  readMessages: (upTo: string) => ask<void>('/messages/read', { method: 'POST', body: { upTo } }),
  messageChoices: (signal?: AbortSignal) => ask<MessageChoices>('/messages/choices', { signal }),
  chooseMessage: (kind: string, channel: MessageChannel, wanted: boolean) => ask<MessageChoices>('/messages/choices', { method: 'PUT', body: { kind, channel, wanted } }),
  outbox: (signal?: AbortSignal) => ask<{ items: Sent[] }>('/outbox', { signal }),
  undelivered: (signal?: AbortSignal) => ask<UndeliveredPage>('/admin/messages', { signal }),
  sendAgain: (messageId: string) => ask<void>(`/admin/messages/${id(messageId)}/send`, { method: 'POST' }),

  answerChallenge: (token: string, approve: boolean) =>
    ask<CheckoutResult>(`/sandbox/checkouts/${id(token)}/challenge`, { method: 'POST', body: { approve } }),

  demo: () => ask<Demo>('/demo'),
  cabinet: (bankId: string, signal?: AbortSignal) => ask<Cabinet>(`/demo/banks/${id(bankId)}/hardware`, { signal }),
  door: (bankId: string, number: number, deed: DoorDeed) =>
    ask<Cabinet>(`/demo/banks/${id(bankId)}/hardware/doors/${number}/${deed}`, { method: 'POST' }),
  device: (bankId: string, deed: DeviceDeed) => ask<Cabinet>(`/demo/banks/${id(bankId)}/hardware/${deed}`, { method: 'POST' }),
  battery: (bankId: string, percent: number) => ask<Cabinet>(`/demo/banks/${id(bankId)}/hardware/battery/${percent}`, { method: 'POST' }),
  clock: (bankId: string, aheadS: number) => ask<Cabinet>(`/demo/banks/${id(bankId)}/hardware/clock/${aheadS}`, { method: 'POST' }),
  mind: (bankId: string, signal?: AbortSignal) => ask<CabinetMind>(`/demo/banks/${id(bankId)}/hardware/mind`, { signal }),
  pressKey: (bankId: string, key: string) =>
    ask<Cabinet>(`/demo/banks/${id(bankId)}/hardware/terminal/keys/${key === '*' ? 'star' : key === '#' ? 'hash' : key}`, { method: 'POST' }),
  tapCard: (bankId: string, body: { uid: string; assurance: CardAssurance; way?: GateWay | undefined }) => ask<Cabinet>(`/demo/banks/${id(bankId)}/hardware/terminal/card`, { method: 'POST', body }),
  nonce: (bankId: string) => ask<{ nonce: string }>(`/demo/banks/${id(bankId)}/hardware/terminal/nonce`, { method: 'POST' }),
  holdPhone: (bankId: string, body: PhoneProof) => ask<Cabinet>(`/demo/banks/${id(bankId)}/hardware/terminal/phone`, { method: 'POST', body }),
  showCode: (bankId: string, text: string) => ask<Cabinet>(`/demo/banks/${id(bankId)}/hardware/terminal/scan`, { method: 'POST', body: { text } }),
};

export type GateWay = 'in' | 'out';
export type DoorDeed = 'close' | 'force' | 'pull' | 'jam' | 'free' | 'put-in' | 'take-out';
export type DeviceDeed = 'unplug' | 'plug-in' | 'power-off' | 'power-on' | 'supply-off' | 'supply-on' | 'brown-out' | 'tamper-open' | 'tamper-close';
