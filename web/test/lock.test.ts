import { describe, expect, it } from 'vitest';
import type { OwnLock } from '../src/api/locks';
import type { CommandState } from '../src/api/types';
import { say } from '../src/screens/lock/conversation';
import { did, who } from '../src/screens/lock/logWords';
import { at, command, noon } from './lease';

const lock = (change: Partial<OwnLock> = {}): OwnLock => ({
  id: 'l', bankId: 'b', deviceId: 'd', name: 'Shed', site: 'Pune Junction', timeZone: 'Asia/Kolkata', status: 'locked', door: 'locked', since: at(-600),
  online: true, lastSeen: at(-1), issue: null, battery: null, ownedSince: at(-9000), command: null, offline: { ready: true, pinSetAt: null, cards: [] }, ...change,
});
const settled = (state: CommandState, reason: string | null = null) => command({ kind: 'lock', state, reason, final: true, settledAt: at(-2) });

describe('what the page says about a lock', () => {
  it('offers the one deed that changes something', () => {
    expect(say(lock(), null, noon)).toMatchObject({ title: 'It is locked', next: ['unlock'] });
    expect(say(lock({ status: 'unlocked', door: 'unlocked' }), null, noon)).toMatchObject({ title: 'It is unlocked', next: ['lock'] });
    expect(say(lock({ status: 'unknown', door: 'unknown' }), null, noon).next).toEqual(['lock', 'unlock']);
    expect(say(lock({ status: 'unlocked', door: 'open' }), null, noon)).toMatchObject({ title: 'The door is open', next: [] });
  });

  it('says an order is under way and nothing surer', () => {
    for (const state of ['pending', 'sent'] as const) expect(say(lock({ command: command({ kind: 'unlock', state }) }), null, noon)).toMatchObject({ title: 'Unlocking …', next: [] });
  });

  it('never tells what was heard last as if it were so now', () => {
    const saying = say(lock({ online: false }), null, noon);
    expect(saying.title).toBe('It cannot be reached now');
    expect(saying.text).toContain('It may have been moved since');
    expect(saying.next).toEqual([]);
    expect(say(lock({ online: null, lastSeen: null }), null, noon).text).toContain('has not connected yet');
  });

  it('offers the same deed again after every failure, and lets an old one rest', () => {
    const unlocked = { status: 'unlocked', door: 'unlocked' } as const;
    for (const state of ['not-locked', 'refused', 'expired', 'unknown', 'unconfirmed'] as const) {
      expect(say(lock({ ...unlocked, command: settled(state) }), null, noon)).toMatchObject({ mood: 'warn', next: ['lock'] });
    }
    expect(say(lock({ ...unlocked, command: settled('refused', 'door-open') }), null, noon).title).toBe('Close the door first');
    const old = command({ kind: 'lock', state: 'refused', final: true, createdAt: at(-3605), settledAt: at(-3600) });
    expect(say(lock({ ...unlocked, command: old }), null, noon).title).toBe('It is unlocked');
  });

  it('believes a bolt that was seen where it was wanted after all', () => {
    expect(say(lock({ since: at(-1), command: settled('unconfirmed') }), null, noon).title).toBe('It is locked');
  });
});

describe('the log', () => {
  it('says who did what', () => {
    const entry = { id: '1', at: at(0), what: 'unlocked', ordered: 'unlock', by: 'you', name: null, reason: null } as const;
    expect(`${who(entry)} ${did(entry)}`).toBe('You unlocked');
    expect(did({ ...entry, what: 'refused' })).toBe('wanted to unlock: refused');
    expect(`${who({ ...entry, by: 'lock' })} ${did({ ...entry, by: 'lock', ordered: null, what: 'device-issue', reason: 'tamper' })}`).toBe('At the lock something is wrong: somebody opened its housing');
  });
});
