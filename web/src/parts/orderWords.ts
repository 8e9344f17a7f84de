import type { Command } from '../api/types';
import { t } from '../text/t';
import type { Said } from './Talk';

type Words = Pick<Said, 'title' | 'text'>;

/** An order that somebody still waits for. One that is unconfirmed is not final either, but nobody waits any more. */
export function isUnderWay(command: Command | null): boolean {
  return command?.state === 'pending' || command?.state === 'sent';
}

/** Why a door did not open, or why nobody knows whether it did; null where it opened or is still to. */
export function failure({ state, reason }: Command, label: string): Words | null {
  switch (reason) {
    case 'no-power':
    case 'brown-out': return { title: t('talk.weak'), text: t('talk.weakText', { label }) };
    case 'too-often': return { title: t('talk.rest', { label }), text: t('talk.restText') };
    case 'safe-mode': return { title: t('talk.safe'), text: t('talk.safeText') };
  }
  switch (state) {
    case 'not-opened': return { title: t('talk.notOpened', { label }), text: t('talk.notOpenedText') };
    case 'refused': return reason === 'device-absent' ? { title: t('talk.absent'), text: t('talk.absentText') } : { title: t('talk.refused', { label }), text: t('talk.refusedText') };
    case 'expired': return { title: t('talk.expired'), text: t('talk.expiredText', { label }) };
    case 'unknown': return { title: t('talk.unknown'), text: t('talk.unknownText', { label }) };
    case 'unconfirmed': return { title: t('talk.unconfirmed'), text: t('talk.unconfirmedText', { label }) };
    default: return null;
  }
}

/** The lock was released and nothing has seen the door: it waits to be pulled, and nobody calls it open. */
export function released(command: Command | null, label: string): Said | null {
  switch (command?.state) {
    case 'pulsed': return { mood: 'good', title: t('talk.unlocked'), text: t('talk.unlockedText', { label }) };
    // A latched lock: its bolt was seen back and stays so.
    case 'unlocked': return { mood: 'good', title: t('talk.unlocked'), text: t('talk.boltBackText', { label }) };
    default: return null;
  }
}

/** What an order says to somebody who rents nothing here, while it is under way or when it did not do what it should; null where the door itself says more. */
export function ofCommand(command: Command | null, asking: boolean, label: string): Said | null {
  if (asking || isUnderWay(command)) return { mood: 'busy', title: t('talk.opening', { label }), text: t('talk.pending') };
  const words = command === null ? null : failure(command, label);
  if (words === null) return null;
  // They can report nothing; what they have is time, and a code that works at the bank.
  return { mood: 'warn', ...words, ...(command?.state === 'refused' ? { text: t('shared.failed') } : {}) };
}
