import { useEffect } from 'react';

/** The stream usually tells first; this asks only while something is under way and nothing has been heard. */
export function useFollowed(waiting: boolean, reload: () => void): void {
  useEffect(() => {
    if (!waiting) return;
    const timer = setInterval(reload, 2500);
    return () => clearInterval(timer);
  }, [waiting, reload]);
}
