import { describe, expect, it } from 'vitest';
import type { FloorLocker } from '../src/api/console';
import { seen } from '../src/console/doorState';
import { instant } from '../src/console/instant';
import { word } from '../src/console/words';

const locker = (change: Partial<FloorLocker>): FloorLocker => ({
  id: 'a', bankId: 'b', number: 1, label: '1', size: 'S', features: [], column: 0, row: 0, rowSpan: 1, state: 'free', door: 'closed', doorSince: null, occupied: null, lease: null, command: false, alerts: [], ...change,
});

describe('a locker on the floor', () => {
  it('says first what somebody must act on, then its door, then whose it is', () => {
    expect(seen(locker({})).text).toBe('console.door.free');
    expect(seen(locker({ state: 'taken' })).text).toBe('console.door.taken');
    expect(seen(locker({ state: 'taken', door: 'open' })).text).toBe('console.door.open');
    expect(seen(locker({ state: 'taken', door: 'open', alerts: ['held-open'] }))).toMatchObject({ text: 'console.door.leftOpen', attention: true });
    expect(seen(locker({ state: 'out', door: 'open', alerts: ['held-open', 'forced'] }))).toMatchObject({ text: 'console.door.forced', tone: 'fault' });
    expect(seen(locker({ state: 'out', alerts: ['ticket'] })).text).toBe('console.door.ticket');
    expect(seen(locker({ door: 'jammed' })).attention).toBe(true);
  });

  it('shows a word of the server that is newer than the page as it is', () => {
    expect(word('outcome', 'opened')).toBe('opened');
    expect(word('reason', 'something-new')).toBe('something-new');
  });
});

describe('a time that was typed', () => {
  it('is on the clock of the site, also where that clock changes', () => {
    expect(instant('2026-11-22T18:30', 'Asia/Kolkata')).toBe('2026-11-22T13:00:00.000Z');
    expect(instant('2026-07-01T12:00', 'Europe/Berlin')).toBe('2026-07-01T10:00:00.000Z');
    expect(instant('2026-12-01T12:00', 'Europe/Berlin')).toBe('2026-12-01T11:00:00.000Z');
    expect(instant('', 'Asia/Kolkata')).toBe('');
    expect(instant('nonsense', 'Asia/Kolkata')).toBe('');
  });
});
