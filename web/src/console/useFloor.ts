import { useEffect, useRef } from 'react';
import { atWork, type Floor } from '../api/console';
import { type Resource, useResource } from '../api/useResource';
import { useLive } from '../live/useLive';

/** What happens at one door happens in bursts; a person does not see a tenth of a second. */
const gather = 120;

/** More doors than this are not asked for by name; the whole floor costs no more. */
const mostNamed = 60;

/** The figures above the doors are read again so long after a change: they count, and nobody waits for them. */
const figures = 3000;

/**
 * A site's doors, live: the feed names which door has changed, and that door alone is read again, so that the page shows what the server knows and never what it has guessed.
 * @param onChange with the lockers that have changed, once they are on the page.
 */
export function useFloor(siteId: string, onChange: (lockers: string[]) => void): Resource<Floor> {
  const floor = useResource(`floor/${siteId}`, (signal) => atWork.floor(siteId, signal));
  const waiting = useRef(new Set<string>());
  const timer = useRef<number | undefined>(undefined);
  const whole = useRef<number | undefined>(undefined);
  const busy = useRef(false);
  const latest = useRef({ floor, onChange });
  latest.current = { floor, onChange };

  const later = (): void => {
    if (timer.current === undefined) timer.current = window.setTimeout(() => void look(), gather);
  };

  const look = async (): Promise<void> => {
    timer.current = undefined;
    if (busy.current) return later();
    const lockers = [...waiting.current];
    waiting.current.clear();
    if (lockers.length === 0) return;
    if (lockers.length > mostNamed) {
      latest.current.floor.reload();
      return latest.current.onChange(lockers);
    }
    busy.current = true;
    try {
      const now = await atWork.doors(siteId, lockers);
      const news = new Map(now.lockers.map((locker) => [locker.id, locker]));
      latest.current.floor.put((known) => ({ ...known, banks: now.banks, lockers: known.lockers.map((locker) => news.get(locker.id) ?? locker) }));
      latest.current.onChange(lockers);
    } catch {
      // The feed goes on; what could not be read now is read with the whole floor.
      latest.current.floor.reload();
    }
    busy.current = false;
  };

  useLive({ floors: [siteId] }, (heard) => {
    if (heard.event === 'resync') return latest.current.floor.reload();
    if (heard.event !== 'floor' || heard.siteId !== siteId) return;
    if (heard.lockerId !== null) {
      waiting.current.add(heard.lockerId);
      later();
    }
    // Where something happens all the time they are read every few seconds all the same.
    if (heard.lockerId !== null && whole.current !== undefined) return;
    window.clearTimeout(whole.current);
    whole.current = window.setTimeout(() => {
      whole.current = undefined;
      latest.current.floor.reload();
    }, heard.lockerId === null ? gather : figures);
  });

  useEffect(() => () => {
    window.clearTimeout(timer.current);
    window.clearTimeout(whole.current);
  }, []);
  return floor;
}
