import { expect, test } from 'vitest';
import type { Site } from '../src/api/types';
import { notYetIn, patched } from '../src/screens/site/live';

const at = (seconds: number): string => new Date(Date.parse('2026-11-22T12:00:00Z') + seconds * 1000).toISOString();
const site = {
  id: 's', asOf: at(0), free: { S: 1 },
  banks: [{ id: 'b', online: true, lockers: [{ id: 'k', size: 'S', features: [], availability: 'free' }] }],
} as unknown as Site;
const taken = (seconds: number) => ({ event: 'availability', siteId: 's', bankId: 'b', lockerId: 'k', availability: 'taken', at: at(seconds) }) as const;

test('what was heard while an answer was on its way is put onto it, and nothing older', () => {
  const heard = [taken(-60), { event: 'resync' } as const, taken(3)];
  expect(notYetIn(site, heard)).toEqual([taken(3)]);
  const now = notYetIn(site, heard).reduce(patched, site);
  expect(now.banks[0]?.lockers[0]?.availability).toBe('taken');
  expect(now.free).toEqual({ S: 0 });
});

test('what was decided just before the answer may not be in it', () => {
  expect(notYetIn(site, [taken(-1)])).toEqual([taken(-1)]);
});
