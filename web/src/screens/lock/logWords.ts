import type { LockEntry } from '../../api/locks';
import { issueWords } from '../../parts/issueWords';
import { t } from '../../text/t';

export function who({ by, name }: LockEntry): string {
  switch (by) {
    case 'you': return t('lock.by.you');
    case 'person': return name ?? t('lock.by.latchkey');
    case 'credential': return t('lock.by.credential', { what: name === 'pin' ? t('lock.by.pin') : name === 'card' ? t('lock.by.card') : t('lock.by.pass') });
    case 'lock': return t('lock.by.lock');
    case 'latchkey': return t('lock.by.latchkey');
  }
}

export function did(entry: LockEntry): string {
  const { what, ordered } = entry;
  if (ordered !== null) {
    if (what === 'ordered') return ordered === 'lock' ? t('lock.did.orderedLock') : t('lock.did.orderedUnlock');
    const outcome = failed(what);
    if (outcome !== null) return ordered === 'lock' ? t('lock.did.failedLock', { outcome }) : t('lock.did.failedUnlock', { outcome });
  }
  switch (what) {
    case 'locked': case 'door-locked': return t('lock.did.locked');
    case 'unlocked': case 'opened': case 'pulsed': case 'door-unlocked': return t('lock.did.unlocked');
    case 'door-opened': return t('lock.did.opened');
    case 'door-closed': return t('lock.did.closed');
    case 'door-forced': return t('lock.did.forced');
    case 'door-left-open': case 'door-never-closed': return t('lock.did.leftOpen');
    case 'door-jammed': return t('lock.did.jammed');
    case 'door-unknown': return t('lock.did.unknown');
    case 'device-online': return t('lock.did.online');
    case 'device-offline': return t('lock.did.offline');
    case 'device-issue': return entry.reason === null ? t('lock.did.fine') : t('lock.did.issue', { what: issueWords(entry.reason) });
    case 'owner-set': return t('lock.did.owner');
    case 'credential-used': return t('lock.did.used');
    case 'credential-refused': return t('lock.did.refused');
    case 'pin-set': case 'cards-set': case 'pass-issued': case 'pin-void': return t('lock.did.set');
    default: return t('lock.did.other', { what });
  }
}

function failed(outcome: string): string | null {
  switch (outcome) {
    case 'refused': return t('lock.outcome.refused');
    case 'expired': return t('lock.outcome.expired');
    case 'unknown': return t('lock.outcome.unknown');
    case 'unconfirmed': return t('lock.outcome.unconfirmed');
    case 'not-locked': return t('lock.outcome.notLocked');
    case 'not-opened': return t('lock.outcome.notOpened');
    default: return null;
  }
}
