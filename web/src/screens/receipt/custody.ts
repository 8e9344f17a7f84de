import type { Custody, CustodyEntry } from '../../api/types';
import { t } from '../../text/t';

/** The record as a file that a spreadsheet opens: commas, quotes and CRLF as RFC 4180 says, and a mark that says UTF-8. */
export function custodyFile(record: Custody): string {
  const head = [t('custody.col.time', { zone: record.timeZone }), t('custody.col.who'), t('custody.col.what'), t('custody.col.why'), t('custody.col.entry'), t('custody.col.proof')];
  const rows = record.entries.map((entry) => [stamp(entry.at, record.timeZone), who(entry), did(entry.what), entry.reason ?? '', entry.id, entry.hash ?? '']);
  const cut = record.complete ? [] : [[t('custody.cut', { n: record.entries.length })]];
  return `\uFEFF${[head, ...rows, ...cut].map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
}

/** A name that begins like a formula is a name all the same. */
function cell(text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${plain.replaceAll('"', '""')}"`;
}

/** "2026-11-22 17:30:05", on the site's clock. */
function stamp(at: string, timeZone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' }).format(new Date(at));
}

function who({ by, name }: CustodyEntry): string {
  switch (by) {
    case 'you': return t('custody.by.you');
    case 'shared': return name ?? t('custody.by.shared');
    case 'person': return name ?? t('custody.by.latchkey');
    case 'credential': return name === 'pin' ? t('custody.by.pin') : name === 'card' ? t('custody.by.card') : t('custody.by.pass');
    case 'lock': return t('custody.by.lock');
    case 'latchkey': return t('custody.by.latchkey');
  }
}

function did(what: string): string {
  switch (what) {
    case 'lease-held': return t('custody.did.held');
    case 'lease-active': return t('custody.did.active');
    case 'lease-ended': return t('custody.did.ended');
    case 'lease-cancelled': return t('custody.did.cancelled');
    case 'lease-expired': return t('custody.did.expired');
    case 'lease-overdue': return t('custody.did.overdue');
    case 'ordered': return t('custody.did.ordered');
    case 'opened': return t('custody.did.opened');
    // Nobody saw the door: the record claims no more than the lock did.
    case 'pulsed': case 'unlocked': return t('custody.did.released');
    case 'not-opened': return t('custody.did.notOpened');
    case 'unconfirmed': return t('custody.did.unconfirmed');
    case 'unknown': return t('custody.did.powerLost');
    case 'expired': return t('custody.did.ranOut');
    case 'refused': return t('custody.did.refused');
    case 'door-opened': return t('custody.did.doorOpened');
    case 'door-closed': return t('custody.did.doorClosed');
    case 'door-forced': return t('custody.did.forced');
    case 'door-left-open': case 'door-never-closed': return t('custody.did.leftOpen');
    case 'credential-used': return t('custody.did.used');
    case 'credential-refused': return t('custody.did.usedInVain');
    case 'share-made': return t('custody.did.shared');
    case 'share-ended': return t('custody.did.unshared');
    case 'pin-set': case 'cards-set': case 'pass-issued': case 'pin-void': return t('custody.did.set');
    // Money and the bank's own words stand under the journal's names: nothing is left out.
    default: return what;
  }
}
