import type { Lease } from '../../api/types';
import { clockSeconds } from '../../format/time';
import { failure as failed, isUnderWay } from '../../parts/orderWords';
import { t } from '../../text/t';

/** What the page says about the door now, and what it offers next. Pure: every word follows from what the server told. */
export interface Saying {
  mood: 'calm' | 'busy' | 'good' | 'warn';
  title: string;
  text: string;
  /** The label of the one next action; none while there is nothing to press. */
  next: { label: string; again: boolean } | null;
  help: boolean;
}

/** A failure of long ago is history; the page then speaks of the door as it is. */
const recent = 10 * 60_000;

export function say(lease: Lease, asking: boolean, now: number): Saying {
  const { locker: { label }, door, command, openedEver } = lease;
  const at = (when: string): string => clockSeconds(when, lease.site.timeZone);

  if (door.state === 'open') {
    return {
      mood: 'good', title: t('talk.open', { label }),
      text: door.since === null ? t('talk.openText') : t('talk.openSince', { time: at(door.since) }),
      next: null, help: false,
    };
  }
  if (asking || isUnderWay(command)) {
    return {
      mood: 'busy', title: t('talk.opening', { label }),
      text: command?.state === 'sent' ? t('talk.sent') : t('talk.pending'),
      next: null, help: false,
    };
  }
  const settled = command === null ? 0 : Date.parse(command.settledAt ?? command.createdAt);
  const trouble = command !== null && now - settled < recent ? failure(lease) : null;
  if (trouble !== null) return trouble;
  if (door.state === 'jammed') {
    return { mood: 'warn', title: t('talk.jammed', { label }), text: t('talk.jammedText'), next: again(), help: true };
  }
  // A latched lock: its bolt says what it is, and it does not lock by itself.
  if (door.state === 'unlocked') {
    return { mood: 'good', title: t('talk.unlocked'), text: t('talk.boltBackText', { label }), next: again(), help: true };
  }
  // "Unlocked" only in between: the bank has moved the latch and the door has not been seen closed since.
  const closedSince = door.state === 'closed' && door.since !== null && command !== null && Date.parse(door.since) > Date.parse(command.createdAt);
  if (command !== null && !closedSince && now - settled < 60_000 && (command.state === 'opened' || command.state === 'pulsed')) {
    return { mood: 'good', title: t('talk.unlocked'), text: t('talk.unlockedText', { label }), next: again(), help: true };
  }
  if (!openedEver) {
    return { mood: 'calm', title: t('talk.ready'), text: t('talk.readyText', { label, bank: lease.bank.name }), next: { label: t('talk.openDoor', { label }), again: false }, help: false };
  }
  const shut = door.state === 'closed' || door.state === 'locked';
  return {
    mood: 'calm', title: shut ? t('talk.closed', { label }) : t('talk.unseen', { label }),
    text: !shut ? t('talk.unseenText') : door.since === null ? t('talk.closedText') : t('talk.closedSince', { time: at(door.since) }),
    next: { label: t('talk.openAgain', { label }), again: false }, help: false,
  };
}

function failure({ command, locker: { label }, door }: Lease): Saying | null {
  if (command === null) return null;
  // A door seen moving afterwards has answered the question.
  if (command.state === 'unconfirmed' && door.since !== null && Date.parse(door.since) > Date.parse(command.createdAt)) return null;
  const words = failed(command, label);
  return words === null ? null : { mood: 'warn', ...words, next: again(), help: true };
}

function again(): { label: string; again: boolean } {
  return { label: t('talk.tryAgain'), again: true };
}
