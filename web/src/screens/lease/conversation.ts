import type { Lease } from '../../api/types';
import { clockSeconds } from '../../format/time';
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
  // Unconfirmed is not final either, but nobody is waiting any more: that is told below.
  const underWay = command?.state === 'pending' || command?.state === 'sent';
  if (asking || underWay) {
    return {
      mood: 'busy', title: t('talk.opening', { label }),
      text: command?.state === 'sent' ? t('talk.sent') : t('talk.pending'),
      next: null, help: false,
    };
  }
  const settled = command === null ? 0 : Date.parse(command.settledAt ?? command.createdAt);
  const failed = command !== null && now - settled < recent ? failure(lease) : null;
  if (failed !== null) return failed;
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
  const warn = (title: string, text: string): Saying => ({ mood: 'warn', title, text, next: again(), help: true });
  switch (command?.reason) {
    case 'no-power':
    case 'brown-out': return warn(t('talk.weak'), t('talk.weakText', { label }));
    case 'too-often': return warn(t('talk.rest', { label }), t('talk.restText'));
    case 'safe-mode': return warn(t('talk.safe'), t('talk.safeText'));
  }
  switch (command?.state) {
    case 'not-opened': return warn(t('talk.notOpened', { label }), t('talk.notOpenedText'));
    case 'refused': return command.reason === 'device-absent' ? warn(t('talk.absent'), t('talk.absentText')) : warn(t('talk.refused', { label }), t('talk.refusedText'));
    case 'expired': return warn(t('talk.expired'), t('talk.expiredText', { label }));
    case 'unknown': return warn(t('talk.unknown'), t('talk.unknownText', { label }));
    // A door seen moving afterwards has answered the question.
    case 'unconfirmed': return door.since !== null && Date.parse(door.since) > Date.parse(command.createdAt) ? null : warn(t('talk.unconfirmed'), t('talk.unconfirmedText', { label }));
    default: return null;
  }
}

function again(): { label: string; again: boolean } {
  return { label: t('talk.tryAgain'), again: true };
}
