import { useEffect, useRef, type ReactNode } from 'react';
import './Page.css';

interface PageProps { title: string; heading?: ReactNode; className?: string; children: ReactNode }

let opened = 0;

/** One screen: names the document, and moves a screen reader's focus to the new heading when the page changes. */
export function Page({ title, heading, className = '', children }: PageProps) {
  const top = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = title === 'Latchkey' ? title : `${title} · Latchkey`;
  }, [title]);
  useEffect(() => {
    // Not on the first load: there the browser itself starts at the top.
    if (opened > 0) top.current?.focus({ preventScroll: true });
    opened += 1;
  }, []);
  return (
    <div className={`page ${className}`}>
      <h1 ref={top} tabIndex={-1}>{heading ?? title}</h1>
      {children}
    </div>
  );
}
