import type { Deposit, SeenDeposit } from '../../api/deposits';
import { money } from '../../format/money';
import { clock, day } from '../../format/time';
import { isUnderWay, ofCommand } from '../../parts/orderWords';
import type { Said } from '../../parts/Talk';
import { t } from '../../text/t';
import { nameOf } from './nameOf';

// What the pages say of a deposit now. Pure: every word follows from what the server told.

/** To the sender. */
export function toSender(data: Deposit, asking: boolean): Said {
  const name = nameOf(data);
  const { locker: { label }, site: { timeZone }, stage, command } = data;
  const at = (when: string | null): string => (when === null ? '' : day(when, timeZone));
  switch (stage) {
    case 'paying': return { mood: 'waiting', title: t('deposit.paying'), text: t('deposit.payingText', { time: clock(data.holdUntil, timeZone) }) };
    case 'placing':
      if (data.door === 'open') return { mood: 'good', title: t('deposit.open'), text: t('deposit.openText', { name }) };
      if (data.may.includes('stored') && !asking) return { mood: 'good', title: t('deposit.unseen', { label }), text: t('deposit.unseenText', { name }) };
      if (data.empty) return { mood: 'warn', title: t('deposit.empty'), text: t('deposit.emptyText') };
      return ofCommand(command, asking, label) ?? { mood: 'calm', title: t('deposit.placing', { label }), text: t('deposit.placingText', { name }) };
    case 'stored':
      if (asking || isUnderWay(command)) return ofCommand(command, true, label)!;
      return data.overdue && data.until !== null
        ? { mood: 'warn', title: t('deposit.overdue'), text: t('deposit.overdueText', { time: at(data.until) }) }
        : { mood: 'good', title: t('deposit.stored', { label }), text: t('deposit.storedText', { name }) };
    case 'collecting': return { mood: 'busy', title: t('deposit.collecting'), text: t('deposit.collectingText') };
    case 'returning': return { mood: 'good', title: t('deposit.returning'), text: t('deposit.returningText') };
    case 'collected': return { mood: 'good', title: t('deposit.collected'), text: t('deposit.collectedText', { time: at(data.overAt) }) };
    case 'returned': return { mood: 'over', title: t('deposit.returned'), text: t('deposit.collectedText', { time: at(data.overAt) }) };
    case 'cleared': return { mood: 'warn', title: t('deposit.cleared'), text: t('deposit.clearedText') };
    case 'expired': return { mood: 'over', title: t('deposit.expired'), text: t('deposit.expiredText') };
    case 'cancelled': return { mood: 'over', title: t('deposit.cancelled'), text: t('deposit.cancelledText') };
  }
}

/** To whoever may take it out. */
export function toReceiver(data: SeenDeposit, asking: boolean): Said {
  const { locker: { label }, stage, state, site: { timeZone } } = data;
  const over = data.overAt === null ? '' : day(data.overAt, timeZone);
  switch (stage) {
    case 'collected': return state === 'used' ? { mood: 'good', title: t('collect.done'), text: t('collect.doneText', { time: over }) } : { mood: 'over', title: t('deposit.collected'), text: t('collect.doneText', { time: over }) };
    case 'collecting': return { mood: 'good', title: t('talk.open', { label }), text: t('collect.openText') };
    case 'returned': case 'returning': case 'cancelled': return { mood: 'over', title: t('collect.back'), text: t('collect.backText') };
    case 'cleared': return { mood: 'warn', title: t('collect.cleared'), text: t('collect.clearedText') };
    default:
  }
  if (state === 'taken-back') return data.role === 'delegate' ? { mood: 'over', title: t('collect.takenBack'), text: t('collect.takenBackText') } : { mood: 'over', title: t('collect.replaced'), text: t('collect.replacedText') };
  if (state !== 'good') return { mood: 'over', title: t('collect.replaced'), text: t('collect.replacedText') };
  if (data.door === 'open') return { mood: 'good', title: t('talk.open', { label }), text: t('collect.openText') };
  const moving = data.toPay === null ? ofCommand(data.command, asking, label) : null;
  if (moving !== null) return moving;
  return data.toPay === null
    ? { mood: 'calm', title: t('collect.ready', { label }), text: t('collect.readyText') }
    : { mood: 'waiting', title: t('collect.toPay'), text: t('collect.toPayText', { amount: money(data.toPay), price: money(data.perHour) }) };
}
