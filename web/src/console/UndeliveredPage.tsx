import { MailCheck, RotateCw } from 'lucide-react';
import { api } from '../api/endpoints';
import type { Undelivered } from '../api/types';
import { useResource } from '../api/useResource';
import { dateTime, zoneHere } from '../format/time';
import { Button } from '../parts/Button';
import { Skeleton } from '../parts/Skeleton';
import { Trouble } from '../parts/Trouble';
import { useDeed } from '../parts/useDeed';
import { coded, t, tn } from '../text/t';
import { Heading } from './Heading';

/** Messages that did not arrive, and why; each can be sent again once its cause is gone. */
export function UndeliveredPage() {
  const { data, problem, reload } = useResource('admin/messages', (signal) => api.undelivered(signal));
  const { busy, problem: failed, run } = useDeed<string>();
  const again = (id: string): void => void run(id, async () => {
    await api.sendAgain(id);
    reload();
  });
  const sent = data?.lastDay.filter((c) => c.state === 'sent' && c.channel !== 'app').reduce((sum, c) => sum + c.count, 0) ?? 0;
  return (
    <div className="console-page console-list">
      <Heading title={t('undelivered.title')} />
      {problem !== null && <Trouble problem={problem} retry={reload} />}
      {failed !== null && <Trouble problem={failed} />}
      {data === null && problem === null && <Skeleton rows={3} height={96} />}
      {data !== null && <p className="quiet num" role="status">{tn('undelivered.sent', sent)}</p>}
      {data?.items.length === 0 && (
        <div className="empty">
          <MailCheck size={32} aria-hidden="true" />
          <p className="empty-title">{t('undelivered.none')}</p>
        </div>
      )}
      {data !== null && data.items.length > 0 && (
        <ul className="rows">{data.items.map((message) => <li key={message.id}><Row message={message} busy={busy === message.id} again={() => again(message.id)} /></li>)}</ul>
      )}
    </div>
  );
}

function Row({ message, busy, again }: { message: Undelivered; busy: boolean; again: () => void }) {
  const zone = zoneHere();
  return (
    <>
      <span className="rows-what">
        <strong>{message.reason ?? ''}</strong>
        <span className="small quiet">{coded('choices.kind', message.kind)} · {t(`choices.channel.${message.channel}`)} · {message.to}</span>
        <span className="small quiet num">{dateTime(message.createdAt, zone)} · {tn('undelivered.tries', message.attempts)}</span>
      </span>
      <Button busy={busy} icon={<RotateCw size={18} aria-hidden="true" />} onClick={again}>{t('undelivered.again')}</Button>
    </>
  );
}
