import type { ReactNode } from 'react';
import { useHeading } from '../app/useHeading';
import { t } from '../text/t';

/** The one heading of a page of the console, and what stands beside it. */
export function Heading({ title, children }: { title: string; children?: ReactNode }) {
  const heading = useHeading(`${title} · ${t('console.title')} · Latchkey`);
  return <div className="console-head"><h1 ref={heading} tabIndex={-1}>{title}</h1>{children}</div>;
}
