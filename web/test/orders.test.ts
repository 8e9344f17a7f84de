import { describe, expect, it } from 'vitest';
import type { CommandState } from '../src/api/types';
import { failure, isUnderWay, ofCommand, released } from '../src/parts/orderWords';
import { command } from './lease';

const settled = (state: CommandState, reason: string | null = null) => command({ state, reason, final: true });

describe('what an order says to a guest or a receiver', () => {
  it('says that nothing moved only where that is known', () => {
    for (const state of ['unknown', 'unconfirmed'] as const) {
      const said = ofCommand(settled(state), false, '14');
      expect(said?.mood).toBe('warn');
      expect(`${said?.title} ${said?.text}`).not.toContain('Nothing moved');
      expect(said?.text).toContain('Look at');
    }
    expect(ofCommand(settled('refused'), false, '14')).toMatchObject({ title: 'The bank did not open door 14', text: expect.stringContaining('Nothing moved') });
    expect(ofCommand(settled('refused', 'device-absent'), false, '14')?.title).toBe('The bank is not connected');
    expect(ofCommand(settled('expired'), false, '14')?.title).toBe('The request did not reach the bank');
  });

  it('is under way until there is an outcome, and has nothing to say where the door does', () => {
    for (const state of ['pending', 'sent'] as const) {
      expect(isUnderWay(command({ state }))).toBe(true);
      expect(ofCommand(command({ state }), false, '14')?.mood).toBe('busy');
    }
    expect(ofCommand(null, true, '14')?.mood).toBe('busy');
    expect(ofCommand(null, false, '14')).toBeNull();
    expect(ofCommand(settled('opened'), false, '14')).toBeNull();
    expect(isUnderWay(settled('unconfirmed'))).toBe(false);
  });

  it('never calls a door open that no sensor has seen', () => {
    for (const state of ['pulsed', 'unlocked'] as const) {
      expect(released(settled(state), '14')).toMatchObject({ mood: 'good', title: 'Unlocked. Pull the door.' });
      expect(failure(settled(state), '14')).toBeNull();
    }
    expect(released(settled('opened'), '14')).toBeNull();
    expect(released(settled('not-opened'), '14')).toBeNull();
  });
});
