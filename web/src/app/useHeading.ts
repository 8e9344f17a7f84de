import { useEffect, useRef, type RefObject } from 'react';

let opened = 0;

/** Names the document, and moves a screen reader's focus to the new heading when the page changes. */
export function useHeading(title: string): RefObject<HTMLHeadingElement | null> {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = title;
  }, [title]);
  useEffect(() => {
    // Not on the first load: there the browser itself starts at the top. And not away from a list that is being gone through: its next key would be lost.
    if (opened > 0 && !(document.activeElement instanceof HTMLSelectElement)) heading.current?.focus({ preventScroll: true });
    opened += 1;
  }, []);
  return heading;
}
