import type { ReactNode } from 'react';
import type { Money, Receipt } from '../../api/types';
import { addressOf } from '../../format/address';
import { money, percent } from '../../format/money';
import { clockSeconds, dateTime, fullDate, zoneName } from '../../format/time';
import { Facts } from '../../parts/Facts';
import { Mark } from '../../parts/Mark';
import { sizeName } from '../../parts/sizeWords';
import { coded, t, tn } from '../../text/t';
import './ReceiptPaper.css';

/** The receipt as a sheet of paper: what, where, when, each line, and who opened it. */
export function ReceiptPaper({ receipt }: { receipt: Receipt }) {
  const { site: { timeZone } } = receipt;
  const sums: [string, ReactNode][] = [];
  const add = (name: string, amount: Money): void => {
    if (amount.minor !== 0) sums.push([name, money(amount)]);
  };
  add(t('receipt.reserved'), receipt.reserved);
  add(t('receipt.released'), receipt.released);
  add(t('receipt.refunded'), receipt.refunded);
  add(t('receipt.beingTaken'), receipt.beingTaken);
  add(t('receipt.due'), receipt.due);
  return (
    <article className="receipt" aria-labelledby="receipt-title">
      <header>
        <Mark size={32} />
        <div>
          <h2 id="receipt-title">{t('receipt.title', { number: receipt.number })}</h2>
          <p className="small quiet num">{fullDate(receipt.until, timeZone)} {zoneName(receipt.until, timeZone)}</p>
        </div>
      </header>
      <Facts rows={[
        [t('receipt.where'), <>{receipt.site.name}<br /><span className="long small quiet">{addressOf(receipt.site)}</span></>],
        [t('receipt.locker'), t('receipt.lockerText', { label: receipt.lockerLabel, size: sizeName(receipt.size), bank: receipt.bank.name })],
        [t('receipt.from'), dateTime(receipt.from, timeZone)],
        [t('receipt.until'), dateTime(receipt.until, timeZone)],
        [t('receipt.hours'), tn('book.nHours', receipt.startedHours)],
      ]} />
      <table className="num">
        <caption className="hidden">{t('receipt.lines')}</caption>
        <thead className="hidden"><tr><th scope="col">{t('receipt.line')}</th><th scope="col">{t('receipt.amount')}</th></tr></thead>
        <tbody>{receipt.lines.map(({ kind, text, amount }, index) => <tr key={index}><th scope="row">{lineWords(receipt)[kind] ?? text}</th><td>{money(amount)}</td></tr>)}</tbody>
        <tfoot>
          <tr className="receipt-total"><th scope="row">{t('receipt.total')}</th><td>{money(receipt.total)}</td></tr>
          {receipt.taxBasisPoints > 0 && <tr className="receipt-tax"><th scope="row">{t('receipt.tax', { percent: percent(receipt.taxBasisPoints) })}</th><td>{money(receipt.tax)}</td></tr>}
          <tr><th scope="row">{receipt.method === null ? t('receipt.paid') : t('receipt.paidWith', { method: coded('receipt.method', receipt.method) })}</th><td>{money(receipt.paid)}</td></tr>
        </tfoot>
      </table>
      {sums.length > 0 && <div className="receipt-sums"><Facts rows={sums} /></div>}
      {receipt.events.length > 0 && (
        <section>
          <h3>{t('receipt.events')}</h3>
          <ol className="receipt-events">
            {told(receipt).map(({ at, words }, index) => <li key={index}><time className="num" dateTime={at}>{clockSeconds(at, timeZone)}</time><span>{words}</span></li>)}
          </ol>
        </section>
      )}
    </article>
  );
}

/** The words of a line; a kind that this page does not know yet keeps the server's. */
function lineWords({ startedHours, size, hours: prepaidHours }: Receipt): Record<string, string> {
  return {
    hours: t('receipt.lineHours', { size: sizeName(size), hours: tn('book.nHours', startedHours) }),
    prepaid: t('receipt.linePrepaid', { size: sizeName(size), hours: tn('book.nHours', prepaidHours) }),
    overdue: t('receipt.lineOverdue'),
    'not-opened': t('receipt.lineNotOpened'),
    waived: t('receipt.lineWaived'),
  };
}

/** The journal's entries that a customer cares about; steps in between are left out. */
function told({ events }: Receipt): { at: string; words: string }[] {
  const words: Record<string, string> = {
    'lease-held': t('event.held'), 'payment-declined': t('event.declined'), 'payment-authorised': t('event.paid'),
    'door-opened': t('event.opened'), 'door-forced': t('event.forced'), 'door-closed': t('event.closed'), 'door-jammed': t('event.jammed'),
    'lease-overdue': t('event.overdue'), 'lease-ended': t('event.ended'), 'payment-captured': t('event.captured'), 'payment-voided': t('event.voided'),
    'payment-processing': t('event.processing'), 'payment-late': t('event.late'), 'payment-refunded': t('event.refunded'), 'lease-charged': t('event.charged'), 'desk-took': t('event.desk'),
    'lease-due-soon': t('event.dueSoon'), 'lease-overdue-fee': t('event.fee'), 'lease-overdue-capped': t('event.capped'), 'lease-overdue-staff': t('event.staff'),
  };
  return events.flatMap(({ at, kind }) => (words[kind] === undefined ? [] : [{ at, words: words[kind] }]));
}
