import { ask } from './client';
import type { Person, Session } from './types';

/** An e-mail address or a phone number: exactly one of them. */
export type Address = { email: string } | { phone: string };
export type Purpose = 'sign-up' | 'sign-in' | 'reset';

export interface SentCode { challenge: string; channel: 'email' | 'sms'; expires: string }
/** The second step is missing; `setUp` where there is no app for it yet. */
export interface Step { ticket: string; expires: string; setUp: boolean }
export interface TotpSecret { secret: string; uri: string }
interface Finished { session: Session; recoveryCodes: string[] }
export interface Account extends Person {
  emailVerified: boolean; phoneVerified: boolean; hasPassword: boolean; secondStep: boolean; recoveryCodes: number; sites: string[];
}
interface DeviceSession { id: string; device: string; method: string; since: string; lastUsed: string; here: boolean }

interface ApiKey { id: string; name: string; shown: string; scopes: Scope[]; createdAt: string; expires: string | null; lastUsed: string | null }
export const scopes = ['leases:read', 'leases:write', 'devices:read', 'devices:write'] as const;
export type Scope = (typeof scopes)[number];

const post = { method: 'POST', anonymous: true } as const;
const id = encodeURIComponent;

export const accounts = {
  sendCode: (purpose: Purpose, address: Address, language: string) => ask<SentCode>('/auth/codes', { ...post, body: { purpose, language, ...address } }),
  signUp: (body: { challenge: string; code: string; name: string; password: string | null; language: string }) => ask<Session>('/auth/signup', { ...post, body }),
  logIn: (address: Address, password: string) => ask<Session | Step>('/auth/login', { ...post, body: { ...address, password } }),
  logInWithCode: (body: { challenge: string; code: string }) => ask<Session | Step>('/auth/login/code', { ...post, body }),
  reset: (body: { challenge: string; code: string; password: string }) => ask<Session | Step>('/auth/password/reset', { ...post, body }),
  setUpStep: (ticket: string) => ask<TotpSecret>('/auth/login/second-step/set-up', { ...post, body: { ticket } }),
  finish: (ticket: string, code: string) => ask<Finished>('/auth/login/second-step', { ...post, body: { ticket, code } }),
  logOut: (refreshToken: string) => ask<void>('/auth/logout', { ...post, body: { refreshToken } }),

  me: (signal?: AbortSignal) => ask<Account>('/auth/me', { signal }),
  change: (body: { name: string; language: string }) => ask<Account>('/auth/me', { method: 'PUT', body }),
  setPassword: (password: string, presentPassword: string | null) => ask<void>('/auth/password', { method: 'PUT', body: { password, presentPassword } }),
  askAddress: (address: Address, presentPassword: string | null) => ask<SentCode>('/auth/me/address', { method: 'POST', body: { ...address, presentPassword } }),
  setAddress: (challenge: string, code: string) => ask<Person>('/auth/me/address', { method: 'PUT', body: { challenge, code } }),
  removeAddress: (which: 'email' | 'phone') => ask<void>(`/auth/me/${which}`, { method: 'DELETE' }),
  exported: () => ask<unknown>('/auth/me/export', { timeout: 30_000 }),
  erase: (presentPassword: string | null) => ask<void>('/auth/me/erase', { method: 'POST', body: { presentPassword } }),
  offerTotp: () => ask<TotpSecret>('/auth/totp', { method: 'POST' }),
  confirmTotp: (code: string) => ask<{ recoveryCodes: string[] }>('/auth/totp/confirm', { method: 'POST', body: { code } }),
  totpOff: (code: string) => ask<void>('/auth/totp/off', { method: 'POST', body: { code } }),
  keys: (signal?: AbortSignal) => ask<{ items: ApiKey[] }>('/auth/keys', { signal }),
  makeKey: (name: string, allowed: Scope[]) => ask<{ key: string }>('/auth/keys', { method: 'POST', body: { name, scopes: allowed } }),
  revokeKey: (key: string) => ask<void>(`/auth/keys/${id(key)}`, { method: 'DELETE' }),
  devices: (signal?: AbortSignal) => ask<{ items: DeviceSession[] }>('/auth/sessions', { signal }),
  endDevice: (session: string) => ask<void>(`/auth/sessions/${id(session)}`, { method: 'DELETE' }),
  endOthers: () => ask<void>('/auth/sessions', { method: 'DELETE' }),
};

export function isStep(answer: Session | Step): answer is Step {
  return 'ticket' in answer;
}

/** What somebody typed, as the server takes it; null for neither an address nor a number. */
export function readAddress(text: string): Address | null {
  const typed = text.trim();
  if (typed.includes('@')) return /^[^\s@]+@[^\s@]+$/.test(typed) ? { email: typed } : null;
  const number = typed.replace(/[\s().\-/]/g, '');
  return /^\+[1-9]\d{6,14}$/.test(number) ? { phone: number } : null;
}
