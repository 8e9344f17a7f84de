import type { OwnLock } from '../../api/locks';
import { day } from '../../format/time';
import { isUnderWay } from '../../parts/orderWords';
import { t } from '../../text/t';

export type Deed = 'lock' | 'unlock';

/** What the page says of a lock now, and what it offers next. Pure: every word follows from what the server told. */
export interface Saying { mood: 'calm' | 'busy' | 'good' | 'warn'; title: string; text: string; next: Deed[] }

/** A failure of long ago is history; the page then speaks of the lock as it is. */
const recent = 10 * 60_000;

export function stateWord(lock: OwnLock): string {
  if (lock.door === 'open') return t('lock.open');
  if (lock.door === 'jammed') return t('lock.jammed');
  return lock.status === 'locked' ? t('lock.locked') : lock.status === 'unlocked' ? t('lock.unlocked') : t('lock.unknown');
}

export function say(lock: OwnLock, asking: Deed | null, now: number): Saying {
  const { command } = lock;
  if (asking !== null || isUnderWay(command)) {
    const deed = asking ?? command?.kind;
    return { mood: 'busy', title: deed === 'lock' ? t('lock.say.locking') : t('lock.say.unlocking'), text: t('lock.say.asked'), next: [] };
  }
  if (lock.online !== true) {
    const text = lock.lastSeen === null ? t('lock.say.never') : t('lock.say.offlineHeard', { time: day(lock.lastSeen, lock.timeZone), state: stateWord(lock) });
    return { mood: 'warn', title: t('lock.say.offline'), text, next: [] };
  }
  const failed = command !== null && now - Date.parse(command.settledAt ?? command.createdAt) < recent ? failure(lock) : null;
  return failed ?? asItIs(lock);
}

function asItIs(lock: OwnLock): Saying {
  const since = lock.since === null ? '' : t('lock.say.since', { time: day(lock.since, lock.timeZone) });
  if (lock.door === 'open') return { mood: 'calm', title: t('lock.say.open'), text: t('lock.say.openText'), next: [] };
  if (lock.door === 'jammed') return { mood: 'warn', title: t('lock.say.jammed'), text: t('lock.say.jammedText'), next: ['lock', 'unlock'] };
  switch (lock.status) {
    case 'locked': return { mood: 'good', title: t('lock.say.locked'), text: since, next: ['unlock'] };
    case 'unlocked': return { mood: 'calm', title: t('lock.say.unlocked'), text: `${t('lock.say.unlockedText')} ${since}`.trim(), next: ['lock'] };
    default: return { mood: 'warn', title: t('lock.say.unknown'), text: t('lock.say.unknownText'), next: ['lock', 'unlock'] };
  }
}

function failure({ command, since, status }: OwnLock): Saying | null {
  if (command === null || command.kind === 'open') return null;
  const deed: Deed = command.kind;
  // A bolt seen where it was wanted, after the order, has answered the question.
  const done = status === (deed === 'lock' ? 'locked' : 'unlocked');
  const warn = (title: string, text: string): Saying => ({ mood: 'warn', title, text, next: [deed] });
  if (done && since !== null && Date.parse(since) >= Date.parse(command.createdAt)) return null;
  switch (command.reason) {
    case 'no-power': case 'brown-out': return warn(t('lock.say.weak'), t('lock.say.weakText'));
    case 'too-often': return warn(t('lock.say.rest'), t('lock.say.restText'));
    case 'door-open': return warn(t('lock.say.doorOpen'), t('lock.say.doorOpenText'));
    case 'device-absent': return warn(t('lock.say.absent'), t('lock.say.absentText'));
  }
  switch (command.state) {
    case 'not-locked': return warn(t('lock.say.notLocked'), t('lock.say.notLockedText'));
    case 'not-opened': return warn(t('lock.say.notOpened'), t('lock.say.notOpenedText'));
    case 'refused': return warn(t('lock.say.refused'), t('lock.say.refusedText'));
    case 'expired': return warn(t('lock.say.expired'), t('lock.say.expiredText'));
    case 'unconfirmed': return warn(t('lock.say.unconfirmed'), t('lock.say.unconfirmedText'));
    case 'unknown': return warn(t('lock.say.lostPower'), t('lock.say.lostPowerText'));
    default: return null;
  }
}
