import { ask } from './client';
import type { LockerAtPoint, Money, Size } from './types';
import { whole } from './whole';

interface StateOf { id: string; name: string; cities: number }
export interface CityOf { id: string; stateId: string; state: string; name: string; points: number }
export interface PointBank { id: string; name: string; columns: number; online: boolean | null }
export interface Point { id: string; name: string; address: string; city: string; state: string; storagePerHour: Money; lockers: number; free: number; banks: PointBank[] }
interface NewPoint { cityId: string; name: string; address: string; latitude: number; longitude: number; storagePerHourMinor: number }
export type ClearReason = 'overdue' | 'left-behind' | 'broken' | 'other';

const id = encodeURIComponent;

/** A line of a table of lockers that was pasted, and what is wrong with it. */
interface PastedLine { number: number; bank: string; door: number | null; label: string; size: Size | null; column: number; row: number; features: string[]; errors: string[] }
export interface Pasted { made: boolean; lines: PastedLine[] }

/** What admins do with places. */
export const places = {
  states: (signal?: AbortSignal) => ask<{ items: StateOf[] }>('/states', { signal }),
  makeState: (name: string) => ask<StateOf>('/states', { method: 'POST', body: { name } }),
  removeState: (stateId: string) => ask<void>(`/states/${id(stateId)}`, { method: 'DELETE' }),
  cities: (signal?: AbortSignal) => ask<{ items: CityOf[] }>('/cities', { signal }),
  makeCity: (stateId: string, name: string) => ask<CityOf>('/cities', { method: 'POST', body: { stateId, name } }),
  removeCity: (cityId: string) => ask<void>(`/cities/${id(cityId)}`, { method: 'DELETE' }),
  points: (signal?: AbortSignal) => whole((skip) => ask<{ items: Point[]; total: number }>(`/locker-points?limit=200&skip=${skip}`, { signal })),
  makePoint: (point: NewPoint) => ask<Point>('/locker-points', { method: 'POST', body: point }),
  removePoint: (pointId: string) => ask<void>(`/locker-points/${id(pointId)}`, { method: 'DELETE' }),
  makeBank: (pointId: string, name: string, columns: number) => ask<PointBank>(`/locker-points/${id(pointId)}/banks`, { method: 'POST', body: { name, columns } }),
  paste: (pointId: string, table: string, preview: boolean) => ask<Pasted>(`/locker-points/${id(pointId)}/lockers`, { method: 'POST', body: { table, preview } }),
  /** Those out of service too. */
  lockers: (point: string, signal?: AbortSignal) => whole((skip) => ask<{ items: LockerAtPoint[]; total: number }>(`/lockers?point=${id(point)}&all=true&limit=500&skip=${skip}`, { signal })),
  makeLocker: (locker: { bankId: string; number: number; label: string; size: Size }) => ask<unknown>('/admin/lockers', { method: 'POST', body: locker }),
  changeLocker: (lockerId: string, locker: { label: string; size: Size; inService: boolean; features: string[] }) => ask<unknown>(`/admin/lockers/${id(lockerId)}`, { method: 'PUT', body: locker }),
  removeBank: (bankId: string) => ask<void>(`/admin/banks/${id(bankId)}`, { method: 'DELETE' }),
  removeLocker: (lockerId: string) => ask<void>(`/admin/lockers/${id(lockerId)}`, { method: 'DELETE' }),
  clear: (lockerId: string, reason: ClearReason, open: boolean) => ask<unknown>(`/admin/lockers/${id(lockerId)}/force-clear?reason=${reason}&open=${open}`, { method: 'DELETE' }),
};
