import { expect, test } from 'vitest';
import type { Visit } from '../src/api/visits';
import { aboutVisits, facts, likely, warning } from '../src/console/visitWords';
import { at } from './lease';

const rupees = (minor: number) => ({ minor, currency: 'INR' });
const visit = (change: Partial<Visit>): Visit => ({ id: 'v', card: '…20A9', bank: 'Bath house, left', locker: '14', since: at(-3600), door: 'closed', occupied: null, online: true, called: null, calledAt: null, leftAt: null, owed: rupees(0), due: rupees(0), ...change });
const zone = 'Asia/Kolkata';

test('a visit says what somebody must come for, and why it would be ended', () => {
  expect(warning(visit({}), zone)).toBeNull();
  expect([warning(visit({ called: 'door-open' }), zone), likely(visit({ called: 'door-open' }), true)]).toEqual(['Wants to leave: the door stands open.', 'left-open']);
  expect([warning(visit({ called: 'not-empty' }), zone), likely(visit({ called: 'not-empty' }), false)]).toEqual(['Wants to leave: something is still inside.', 'left-behind']);
  expect(warning(visit({ called: 'pay', due: rupees(3000) }), zone)).toContain('₹30.00');
  expect(warning(visit({ called: 'pay' }), zone)).toBeNull();
  expect(likely(visit({ leftAt: at(0), called: 'pay' }), true)).toBe('left');
  expect([likely(visit({}), true), likely(visit({}), false)]).toEqual(['closing', 'other']);
});

test('its money is told as it stands', () => {
  expect(facts(visit({}), zone)).toHaveLength(3);
  expect(facts(visit({ owed: rupees(5000), due: rupees(2000), online: false }), zone).slice(3)).toEqual(['owes ₹50.00', '₹30.00 paid', 'bank offline']);
});

test('what happens at gates and at the desk changes the list', () => {
  for (const what of ['visit-begun', 'visit-called', 'visit-left', 'visit-card', 'desk-took']) expect(aboutVisits(what), what).toBe(true);
  for (const what of ['door-opened', 'lease-held', 'alert-raised']) expect(aboutVisits(what), what).toBe(false);
});
