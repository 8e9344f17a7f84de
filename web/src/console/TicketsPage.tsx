import { useState } from 'react';
import { Wrench } from 'lucide-react';
import { changes, type Ticket } from '../api/changes';
import { dateTime } from '../format/time';
import { useLive } from '../live/useLive';
import { Button } from '../parts/Button';
import { Chips } from '../parts/Chips';
import { More } from '../parts/More';
import { problemWords } from '../parts/problemWords';
import { Skeleton } from '../parts/Skeleton';
import { Trouble } from '../parts/Trouble';
import { useDeed } from '../parts/useDeed';
import { usePages } from '../parts/usePages';
import { t } from '../text/t';
import { Heading } from './Heading';
import { floorsOf, type Work, zoneOf } from './sites';

/** What customers have reported: staff go and look, and say whether the locker may be rented again. */
export function TicketsPage({ work }: { work: Work }) {
  const [closed, setClosed] = useState<'open' | 'closed'>('open');
  const pages = usePages(`tickets/${closed}`, {
    keyOf: (ticket: Ticket) => ticket.id, shifting: true,
    read: (cursor, signal) => changes.tickets(closed === 'closed', cursor, signal),
  });
  const { first, items, problem, reload } = pages;
  useLive({ floors: floorsOf(work) }, (heard) => { if (heard.event === 'resync' || (heard.event === 'floor' && heard.what.startsWith('ticket-'))) reload(); });
  const { busy, problem: failed, run } = useDeed<string>();
  const close = async (ticket: Ticket, inService: boolean): Promise<void> => {
    await run(ticket.id, () => changes.closeTicket(ticket.id, inService));
    reload();
  };
  return (
    <div className="console-page console-list">
      <Heading title={t('tickets.title')} />
      <Chips label={t('tickets.which')} value={closed} onChoose={setClosed} chips={[{ value: 'open', text: t('tickets.open') }, { value: 'closed', text: t('tickets.closed') }]} />
      {problem !== null && <Trouble problem={problem} retry={reload} />}
      {failed !== null && <Trouble problem={failed} />}
      {first === null && problem === null && <Skeleton rows={3} height={96} />}
      {first !== null && items.length === 0 && <div className="empty"><Wrench size={32} aria-hidden="true" /><p className="empty-title">{closed === 'open' ? t('tickets.none') : t('tickets.noneClosed')}</p><p className="quiet">{t('tickets.noneText')}</p></div>}
      {items.length > 0 && (
        <ul className="rows">
          {items.map((ticket) => (
            <li key={ticket.id}>
              <span className="rows-what">
                <strong>{t('tickets.name', { label: ticket.locker, what: t(problemWords[ticket.what]) })}</strong>
                <span className="small quiet">{ticket.site}, {ticket.bank}</span>
                <span className="small quiet num">{[t('tickets.number', { number: ticket.number }), dateTime(ticket.openedAt, zoneOf(work, ticket.siteId)), ...(ticket.inside ? [t('tickets.inside')] : []), ticket.outOfService ? t('tickets.out') : t('tickets.in')].join(' · ')}</span>
              </span>
              {ticket.closedAt === null && (
                <>
                  <Button busy={busy === ticket.id} aria-label={t('tickets.fineOf', { label: ticket.locker })} onClick={() => void close(ticket, true)}>{t('tickets.fine')}</Button>
                  <Button look="text" busy={busy === ticket.id} aria-label={t('tickets.keepOutOf', { label: ticket.locker })} onClick={() => void close(ticket, false)}>{t('tickets.keepOut')}</Button>
                </>
              )}
            </li>
          ))}
        </ul>
      )}
      <More of={pages} />
    </div>
  );
}
