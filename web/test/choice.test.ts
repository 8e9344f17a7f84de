import { expect, test } from 'vitest';
import type { Feature, Locker, Site, Size } from '../src/api/types';
import { freeBySize, outlook, readChoice } from '../src/screens/site/choice';

const locker = (id: string, size: Size, availability: Locker['availability'], ...features: Feature[]): Locker =>
  ({ id, number: 1, label: id, size, column: 1, row: 1, rowSpan: 1, availability, features });

const site = {
  free: { S: 2, M: 1, L: 0 }, perHour: { S: null, M: null, L: null },
  banks: [{ lockers: [locker('1', 'S', 'free'), locker('2', 'S', 'free', 'reachable'), locker('3', 'S', 'taken', 'power'), locker('4', 'M', 'free', 'power')] }],
} as unknown as Site;

test('sizes count the lockers that have what is wished for', () => {
  expect(freeBySize(site, [])).toEqual({ S: 2, M: 1, L: 0 });
  expect(freeBySize(site, ['reachable'])).toEqual({ S: 1, M: 0, L: 0 });
  expect(freeBySize(site, ['power'])).toEqual({ S: 0, M: 1, L: 0 });
  expect(freeBySize(site, ['power', 'cooled'])).toEqual({ S: 0, M: 0, L: 0 });
});

test('without a wish for a size it is the smallest that is free and has the rest', () => {
  expect(readChoice(new URLSearchParams(''), site).size).toBe('S');
  expect(readChoice(new URLSearchParams('features=power'), site).size).toBe('M');
  expect(outlook(site, readChoice(new URLSearchParams('features=power&size=S'), site))).toEqual({ kind: 'larger', size: 'M' });
});
