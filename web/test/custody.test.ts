import { expect, test } from 'vitest';
import { custodyFile } from '../src/screens/receipt/custody';

const entry = { id: '7', at: '2026-11-22T12:00:05Z', what: 'opened', by: 'you' as const, name: null, reason: null, hash: 'ab'.repeat(32) };
const record = { leaseId: 'l', site: 'S', bank: 'B', locker: 'A1', timeZone: 'Asia/Kolkata', complete: true, entries: [entry] };

test('the record is on the site\'s clock, in words, with its proof', () => {
  const [head, first, ...rest] = custodyFile(record).split('\r\n');
  expect(head).toContain('"Time (Asia/Kolkata)"');
  expect(first).toBe(`"2026-11-22 17:30:05","You","Opened the door; the door was seen open","","7","${'ab'.repeat(32)}"`);
  expect(rest).toEqual(['']);
});

test('a name is no formula and no new column', () => {
  const [, line] = custodyFile({ ...record, complete: false, entries: [{ ...entry, by: 'person', name: '=HYPERLINK("x"),1', what: 'payment-captured' }] }).split('\r\n');
  expect(line).toContain(`"'=HYPERLINK(""x""),1"`);
  expect(line).toContain('"payment-captured"');
  expect(custodyFile({ ...record, complete: false })).toContain('first 1.');
});

test('the record claims no more of a door than was seen of it', () => {
  const told = (what: string): string => custodyFile({ ...record, entries: [{ ...entry, what }] }).split('\r\n')[1]?.split('","')[2] ?? '';
  expect(told('pulsed')).toBe('Released the lock; no sensor saw the door open');
  expect(told('unlocked')).toBe(told('pulsed'));
  expect(told('unknown')).toContain('power was lost');
  expect(told('expired')).toContain('ran out before');
  expect(told('unconfirmed')).toContain('no answer came');
});
