import { describe, expect, it } from 'vitest';
import type { Deposit, SeenDeposit } from '../src/api/deposits';
import type { CommandState } from '../src/api/types';
import { toReceiver, toSender } from '../src/screens/deposit/conversation';
import { at, command, lease } from './lease';

const { site } = lease();
const rupees = (minor: number) => ({ minor, currency: 'INR' });
const common = {
  overdue: false, site, bank: { id: 'b', name: 'Bank 2', online: true }, locker: { id: 'k', label: '14', size: 'M', typeFirst: '14' },
  door: 'closed', storedAt: at(-600), until: at(86_400), overAt: null, perHour: rupees(5000), owed: rupees(5000), command: null, payment: null,
} as const;
const deposit = (change: Partial<Deposit>): Deposit => ({
  ...common, id: 'd', stage: 'placing', createdAt: at(-900), pays: 'sender', receiver: { name: 'Meera', email: null, phone: null }, hours: 24, holdUntil: at(300),
  empty: false, said: false, may: ['open'], ...change,
});
const seen = (change: Partial<SeenDeposit>): SeenDeposit => ({
  ...common, depositId: 'd', stage: 'stored', role: 'receiver', state: 'good', from: 'Asha', toPay: null, code: null, pass: null, ready: true, delegates: [], ...change,
});
const settled = (state: CommandState, reason: string | null = null) => command({ state, reason, final: true });

describe('what a sender reads', () => {
  it.each<[string, Partial<Deposit>, string]>([
    ['to be paid', { stage: 'paying' }, 'Pay, then the door opens for you'],
    ['before the door', {}, 'Stand before locker 14'],
    ['on its way', { command: command({ state: 'sent' }) }, 'Opening 14 …'],
    ['open', { door: 'open' }, 'Put it in and shut the door'],
    ['no sensor', { may: ['open', 'stored'] }, 'Locker 14 is unlocked'],
    ['nothing behind the door', { empty: true }, 'Nothing seems to be inside'],
    ['stored', { stage: 'stored' }, 'It is in locker 14'],
    ['taken back, on its way', { stage: 'stored', command: command({ state: 'pending' }) }, 'Opening 14 …'],
    ['late', { stage: 'stored', overdue: true }, 'Nobody has collected it'],
    ['collected', { stage: 'collected', overAt: at(0) }, 'Collected'],
  ])('%s', (_, change, title) => expect(toSender(deposit(change), false).title).toBe(title));

  it('that nobody knows, where nobody does', () => {
    expect(toSender(deposit({ command: settled('unknown') }), false).title).toBe('The bank lost power in the middle');
    expect(toSender(deposit({ command: settled('unconfirmed') }), false).text).toContain('may have opened');
  });
});

describe('what a receiver reads', () => {
  it.each<[string, Partial<SeenDeposit>, string]>([
    ['before the door', {}, 'Stand before locker 14'],
    ['to be paid', { toPay: rupees(5000) }, 'Pay, then the door opens'],
    ['on its way', { command: command({ state: 'pending' }) }, 'Opening 14 …'],
    ['open', { door: 'open' }, 'Door 14 is open'],
    ['refused', { command: settled('refused') }, 'The bank did not open door 14'],
    ['unsure', { command: settled('unconfirmed') }, 'No answer from the bank'],
    ['theirs', { stage: 'collected', state: 'used', overAt: at(0) }, 'You have it'],
    ['somebody else had it', { stage: 'collected', state: 'expired', overAt: at(0) }, 'Collected'],
    ['a newer code', { state: 'taken-back' }, 'This link does not open any more'],
    ['no more a delegate', { state: 'taken-back', role: 'delegate' }, 'You are not to fetch it any more'],
    ['back with the sender', { stage: 'returned' }, 'The sender took it back'],
  ])('%s', (_, change, title) => expect(toReceiver(seen(change), false).title).toBe(title));
});
