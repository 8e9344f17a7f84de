import { useState } from 'react';
import { Bell, Mail, MessageSquareText } from 'lucide-react';
import { api } from '../../api/endpoints';
import type { Sent, SentChannel } from '../../api/types';
import { useResource } from '../../api/useResource';
import { Link } from '../../app/Link';
import { Page } from '../../app/Page';
import { dateTime, zoneHere } from '../../format/time';
import { Chips } from '../../parts/Chips';
import { Skeleton } from '../../parts/Skeleton';
import { Trouble } from '../../parts/Trouble';
import { useFollowed } from '../../parts/useFollowed';
import { t } from '../../text/t';
import './OutboxPage.css';

const EVERY = 2000;

/** The development outbox: what would have gone out, each as its reader would see it. */
export function OutboxPage() {
  const { data, problem, reload, again } = useResource('outbox', (signal) => api.outbox(signal));
  const [channel, setChannel] = useState<SentChannel | 'all'>('all');
  useFollowed(true, () => { if (document.visibilityState === 'visible') again(); }, EVERY);
  const items = data?.items.filter((m) => channel === 'all' || m.channel === channel) ?? [];
  return (
    <Page title={t('outbox.title')} className="stack outbox-page">
      <p className="quiet">{t('outbox.hint')}</p>
      {problem !== null && <Trouble problem={problem} retry={reload} />}
      {data === null && problem === null && <Skeleton rows={2} height={220} />}
      {data !== null && (
        <>
          <Chips<SentChannel | 'all'>
            label={t('outbox.channel')} value={channel} onChoose={setChannel}
            chips={[
              { value: 'all', text: t('outbox.all') },
              { value: 'email', text: <><Mail size={18} aria-hidden="true" />{t('outbox.email')}</> },
              { value: 'sms', text: <><MessageSquareText size={18} aria-hidden="true" />{t('outbox.sms')}</> },
              { value: 'push', text: <><Bell size={18} aria-hidden="true" />{t('outbox.push')}</> },
            ]}
          />
          {items.length === 0 && (
            <div className="empty">
              <p className="empty-title">{t('outbox.none')}</p>
              <p className="quiet">{t('outbox.noneHint')}</p>
            </div>
          )}
          <ul className="outbox">{items.map((message) => <li key={message.id}><Phone message={message} /></li>)}</ul>
        </>
      )}
    </Page>
  );
}

function Phone({ message }: { message: Sent }) {
  const zone = zoneHere();
  return (
    <article className={`outbox-phone outbox-${message.channel}`} lang={message.language}>
      <header className="small">
        <span className="outbox-how">{icon(message.channel)}{t(`outbox.${message.channel}`)}</span>
        <span className="quiet num">{dateTime(message.at, zone)}</span>
      </header>
      <p className="small quiet">{t('outbox.to', { to: message.to ?? '' })}</p>
      <div className="outbox-body">
        {message.channel !== 'sms' && <h2>{message.title}</h2>}
        <p>{message.text}</p>
        {message.link !== null && message.channel !== 'sms' && <Link href={message.link}>{t('outbox.open')}</Link>}
      </div>
      {message.state !== 'sent' && <p className="small outbox-state">{t(`outbox.state.${message.state}`)}{message.reason !== null && `: ${message.reason}`}</p>}
    </article>
  );
}

function icon(channel: SentChannel) {
  switch (channel) {
    case 'email': return <Mail size={18} aria-hidden="true" />;
    case 'sms': return <MessageSquareText size={18} aria-hidden="true" />;
    case 'push': return <Bell size={18} aria-hidden="true" />;
  }
}
