import { ask } from './client';
import { aMoment } from './door';
import type { Command, DoorState, Lease } from './types';

export interface OwnLock {
  /** Of what makes it one's own: its next owner has another. */
  id: string; bankId: string; deviceId: string; name: string; site: string; timeZone: string;
  status: 'locked' | 'unlocked' | 'unknown'; door: DoorState; since: string | null;
  online: boolean | null; lastSeen: string | null; issue: string | null; battery: number | null; ownedSince: string; command: Command | null; offline: Lease['offline'];
}
export interface RegisteredLock { bankId: string; name: string; since: string; device: boolean; expiresAt: string }
export interface LockEntry {
  id: string; at: string; what: string; ordered: 'lock' | 'unlock' | null;
  by: 'you' | 'person' | 'credential' | 'lock' | 'latchkey'; name: string | null; reason: string | null;
}
interface LockLog { items: LockEntry[]; next: string | null }
export interface AnyLock {
  id: string; name: string; siteId: string; deviceId: string; device: boolean; owner: { id: string; name: string; email: string | null } | null;
  online: boolean | null; lastSeen: string | null; issue: string | null;
}

const id = encodeURIComponent;

export const locks = {
  mine: (signal?: AbortSignal) => ask<{ items: OwnLock[]; registered: RegisteredLock[] }>('/locks', { signal }),
  one: (lockId: string, signal?: AbortSignal) => ask<OwnLock>(`/locks/${id(lockId)}`, { signal }),
  log: (lockId: string, cursor?: string, signal?: AbortSignal) => ask<LockLog>(`/locks/${id(lockId)}/log${cursor === undefined ? '' : `?cursor=${id(cursor)}`}`, { signal }),
  register: (code: string) => ask<{ bankId: string; name: string; lock: OwnLock | null }>('/locks', { method: 'POST', body: { code } }),
  giveUp: (lockId: string) => ask<void>(`/locks/${id(lockId)}`, { method: 'DELETE' }),
  move: (lockId: string, deed: 'lock' | 'unlock', key: string) =>
    ask<Command>(`/locks/${id(lockId)}/${deed}`, { method: 'POST', key, ...aMoment }),
  all: (signal?: AbortSignal) => ask<{ items: AnyLock[] }>('/admin/locks', { signal }),
  make: (site: string, name: string) => ask<AnyLock>('/admin/locks', { method: 'POST', body: { site, name } }),
  give: (bankId: string, email: string | null) => ask<AnyLock>(`/admin/locks/${id(bankId)}/owner`, { method: 'PUT', body: { email } }),
};
