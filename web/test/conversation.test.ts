import { describe, expect, it } from 'vitest';
import type { CommandState } from '../src/api/types';
import { say } from '../src/screens/lease/conversation';
import { at, command, lease, noon } from './lease';

const settled = (state: CommandState, reason: string | null = null) => command({ state, reason, final: true, settledAt: at(-2) });

describe('what the page says about the door', () => {
  it('never says open before a sensor did', () => {
    const states: CommandState[] = ['pending', 'sent', 'opened', 'not-opened', 'pulsed', 'refused', 'expired', 'unknown', 'unconfirmed'];
    for (const state of states) {
      const final = state !== 'pending' && state !== 'sent';
      expect(say(lease({ command: command({ state, final, settledAt: final ? at(-2) : null }) }), false, noon).title).not.toBe('Door 14 is open');
    }
    expect(say(lease({ door: { state: 'open', since: at(-1) } }), false, noon).title).toBe('Door 14 is open');
  });

  it('shows a command under way as under way, with nothing to press', () => {
    const saying = say(lease({ command: command({ state: 'sent' }) }), false, noon);
    expect(saying.title).toBe('Opening 14 …');
    expect(saying.next).toBeNull();
  });

  it('asks to pull the door between the latch and the sensor', () => {
    expect(say(lease({ openedEver: true, command: settled('opened') }), false, noon).title).toBe('Unlocked. Pull the door.');
  });

  it('says closed once the door was seen closed after the opening', () => {
    const closed = lease({ openedEver: true, command: settled('opened'), door: { state: 'closed', since: at(-1) } });
    expect(say(closed, false, noon).title).toBe('Closed. Your things are in 14.');
  });

  it('offers the next step for every failure', () => {
    for (const state of ['not-opened', 'refused', 'expired', 'unknown', 'unconfirmed'] as const) {
      const saying = say(lease({ command: settled(state) }), false, noon);
      expect(saying.next?.again).toBe(true);
      expect(saying.help).toBe(true);
    }
    // Not final for the server, which may still hear of it; but nobody waits any more.
    expect(say(lease({ command: command({ state: 'unconfirmed', settledAt: at(-2) }) }), false, noon).title).toBe('No answer from the bank');
    expect(say(lease({ command: settled('refused', 'device-absent') }), false, noon).title).toBe('The bank is not connected');
  });

  it('lets an old failure rest', () => {
    const old = command({ state: 'not-opened', final: true, createdAt: at(-3605), settledAt: at(-3600) });
    expect(say(lease({ command: old }), false, noon).title).toBe('Ready when you are');
  });

  it('tells a weak supply, a resting coil and safe mode apart from a refusal', () => {
    const refused = (reason: string) => say(lease({ command: { ...settled('refused'), reason } }), false, noon);
    expect(refused('no-power').title).toBe('The bank has too little power');
    expect(refused('too-often').title).toBe('Door 14 needs a short rest');
    expect(refused('safe-mode').title).toBe('The bank is recovering');
    expect(say(lease({ command: { ...settled('not-opened'), reason: 'brown-out' } }), false, noon).title).toBe('The bank has too little power');
  });

  it('never calls a latched door locked whose bolt is back', () => {
    expect(say(lease({ openedEver: true, door: { state: 'locked', since: null } }), false, noon).text).toBe('The door is locked.');
    const unlocked = say(lease({ openedEver: true, door: { state: 'unlocked', since: null } }), false, noon);
    expect(unlocked.title).toBe('Unlocked. Pull the door.');
    expect(unlocked.text).toContain('can be pulled');
  });
});
