import { useRef, useState } from 'react';
import { api } from '../../api/endpoints';
import { asProblem, type Problem } from '../../api/problem';
import type { MessageChannel, MessageChoice, MessageTopic } from '../../api/types';
import { useResource } from '../../api/useResource';
import { Link } from '../../app/Link';
import { Page } from '../../app/Page';
import { Skeleton } from '../../parts/Skeleton';
import { Trouble } from '../../parts/Trouble';
import { coded, t } from '../../text/t';
import './MessagesPage.css';

const topics: MessageTopic[] = ['rentals', 'deposits', 'payments', 'doors', 'locks', 'security', 'staff'];

/** Which kinds of message come by which channel. Each choice is kept at once. */
export function ChoicesPage() {
  const { data, problem, reload, put } = useResource('messages/choices', (signal) => api.messageChoices(signal));
  const [failed, setFailed] = useState<Problem | null>(null);

  // One after the other, in the order in which they were pressed.
  const queue = useRef<Promise<void>>(Promise.resolve());
  const waiting = useRef(0);

  const choose = (kind: string, channel: MessageChannel, wanted: boolean): void => {
    const draw = (on: boolean) => put((known) => ({
      ...known,
      kinds: known.kinds.map((k) => (k.kind === kind ? { ...k, channels: on ? [...k.channels, channel] : k.channels.filter((c) => c !== channel) } : k)),
    }));
    setFailed(null);
    draw(wanted);
    waiting.current += 1;
    queue.current = queue.current.then(async () => {
      try {
        const now = await api.chooseMessage(kind, channel, wanted);
        // An answer in between does not know of what was pressed since.
        if (waiting.current === 1) put(now);
      } catch (error) {
        draw(!wanted);
        setFailed(asProblem(error));
      }
      waiting.current -= 1;
    });
  };

  return (
    <Page title={t('choices.title')} className="middle stack">
      <p className="quiet">{t('choices.hint')}</p>
      {problem !== null && <Trouble problem={problem} retry={reload} />}
      {failed !== null && <Trouble problem={failed} />}
      {data === null && problem === null && <Skeleton rows={3} height={200} />}
      {data !== null && (
        <div className="choices">
          {topics.filter((topic) => data.kinds.some((k) => k.topic === topic)).map((topic) => (
            <section key={topic} className="panel">
              <table>
                <caption>{t(`choices.topic.${topic}`)}</caption>
                <thead>
                  <tr>
                    <td />
                    {data.available.map((channel) => <th key={channel} scope="col">{t(`choices.channel.${channel}`)}</th>)}
                  </tr>
                </thead>
                <tbody>
                  {data.kinds.filter((k) => k.topic === topic).map((k) => <Kind key={k.kind} choice={k} available={data.available} choose={choose} />)}
                </tbody>
              </table>
            </section>
          ))}
          <p className="small quiet">{t('choices.always')} <Link href="/account">{t('nav.account')}</Link></p>
        </div>
      )}
    </Page>
  );
}

interface KindProps { choice: MessageChoice; available: MessageChannel[]; choose: (kind: string, channel: MessageChannel, wanted: boolean) => void }

function Kind({ choice, available, choose }: KindProps) {
  const name = coded('choices.kind', choice.kind);
  return (
    <tr>
      <th scope="row">{name}</th>
      {available.map((channel) => (
        <td key={channel}>
          <label>
            <input
              type="checkbox" aria-label={`${name}, ${t(`choices.channel.${channel}`)}`} checked={choice.channels.includes(channel)} disabled={!choice.mayChoose}
              onChange={(event) => choose(choice.kind, channel, event.target.checked)}
            />
          </label>
        </td>
      ))}
    </tr>
  );
}
