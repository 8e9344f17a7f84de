import { useEffect, useRef, useState } from 'react';
import { api } from '../../api/endpoints';
import { useLive } from '../../live/useLive';
import { usePerson } from '../../session/useSession';

const told = new EventTarget();

/** Said by the page that shows the messages, once they are read. */
export function messagesRead(): void {
  told.dispatchEvent(new Event('read'));
}

// A message is written a moment after what it tells of, and happenings come in bursts.
const AFTER_NEWS = 1500;

/** How many messages wait to be read; 0 while that is not known. Asked when something happens to the person, and when they come back to the page. */
export function useUnread(): number {
  const person = usePerson();
  const [unread, setUnread] = useState(0);
  const timer = useRef(0);
  const [turn, setTurn] = useState(0);
  useLive({}, (heard) => {
    if (heard.event !== 'lease' && heard.event !== 'command' && heard.event !== 'resync') return;
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => setTurn((n) => n + 1), AFTER_NEWS);
  });
  useEffect(() => {
    const again = (): void => setTurn((n) => n + 1);
    const seen = (): void => { if (document.visibilityState === 'visible') again(); };
    told.addEventListener('read', again);
    document.addEventListener('visibilitychange', seen);
    return () => {
      told.removeEventListener('read', again);
      document.removeEventListener('visibilitychange', seen);
      clearTimeout(timer.current);
    };
  }, []);
  useEffect(() => {
    if (person === null) return setUnread(0);
    const stop = new AbortController();
    // Nobody is told that a badge could not be drawn: the page itself says what is wrong.
    api.messages(undefined, 1, stop.signal).then((page) => setUnread(page.unread), () => undefined);
    return () => stop.abort();
  }, [person, turn]);
  return unread;
}
