import { useEffect } from 'react';
import { Bell, ChevronRight, CircleAlert, CreditCard, DoorOpen, KeyRound, LockKeyhole, SlidersHorizontal } from 'lucide-react';
import { api } from '../../api/endpoints';
import type { Message } from '../../api/types';
import { Link } from '../../app/Link';
import { Page } from '../../app/Page';
import { day, zoneHere } from '../../format/time';
import { useLive } from '../../live/useLive';
import { ButtonLink } from '../../parts/Button';
import { More } from '../../parts/More';
import { Skeleton } from '../../parts/Skeleton';
import { Trouble } from '../../parts/Trouble';
import { usePages } from '../../parts/usePages';
import { t } from '../../text/t';
import { messagesRead } from './useUnread';
import './MessagesPage.css';

/** What a person was told, the newest first. Seen is read; what was new when the page was opened stays marked until it is left. */
export function MessagesPage() {
  const pages = usePages('messages', { keyOf: (message: Message) => message.id, read: (cursor, signal) => api.messages(cursor, 20, signal) });
  const { first, items, problem, reload, at } = pages;
  useLive({}, (heard) => { if (heard.event === 'lease') reload(); });

  const newest = items[0];
  const unread = first?.unread ?? 0;
  useEffect(() => {
    if (newest === undefined || unread === 0) return;
    // Not marked when it fails: then they are new the next time too, which is right.
    api.readMessages(newest.id).then(messagesRead, () => undefined);
  }, [newest, unread]);

  return (
    <Page title={t('messages.title')} className="middle stack">
      {problem !== null && <Trouble problem={problem} retry={reload} since={at} />}
      {first === null && problem === null && <Skeleton rows={4} height={84} />}
      {first !== null && items.length === 0 && (
        <div className="empty">
          <p className="empty-title">{t('messages.none')}</p>
          <p className="quiet">{t('messages.noneHint')}</p>
        </div>
      )}
      {items.length > 0 && (
        <>
          <ul className="messages">{items.map((message) => <li key={message.id}><Row message={message} /></li>)}</ul>
          <More of={pages} />
        </>
      )}
      <ButtonLink href="/messages/choices" icon={<SlidersHorizontal size={20} aria-hidden="true" />}>{t('messages.choose')}</ButtonLink>
    </Page>
  );
}

function Row({ message }: { message: Message }) {
  const zone = zoneHere();
  const body = (
    <>
      <span className="messages-icon">{icon(message.kind)}</span>
      <span className="messages-text">
        <strong>{message.title}</strong>
        <span className="quiet">{message.text}</span>
        <span className="small quiet num">{day(message.at, zone)}{!message.read && <span className="messages-new">{t('messages.new')}</span>}</span>
      </span>
    </>
  );
  return message.link === null
    ? <div className="messages-row">{body}</div>
    : <Link href={message.link} className="messages-row">{body}<ChevronRight size={20} aria-hidden="true" /></Link>;
}

function icon(kind: string) {
  const size = { size: 20, 'aria-hidden': true } as const;
  switch (kind) {
    case 'paid': case 'receipt': case 'declined': case 'refunded': case 'refund-failed': case 'handed-out': return <CreditCard {...size} />;
    case 'opened': case 'access-denied': case 'door-left-open': return <DoorOpen {...size} />;
    case 'card-added': case 'new-sign-in': return <KeyRound {...size} />;
    case 'lock-yours': case 'lock-gone': case 'lock-locked': case 'lock-unlocked': return <LockKeyhole {...size} />;
    case 'lock-forced': case 'lock-offline': case 'lock-issue': case 'alert': case 'bank-offline': case 'bank-issue': case 'overdue': case 'overdue-fee': return <CircleAlert {...size} />;
    case 'reserved': case 'hold-ending': case 'hold-expired': case 'rental-ending': case 'moved': return <LockKeyhole {...size} />;
    default: return <Bell {...size} />;
  }
}
