import { useEffect, type ReactNode } from 'react';
import { t } from '../text/t';

/** The one heading of a page of the console, and what stands beside it. */
export function Heading({ title, children }: { title: string; children?: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · ${t('console.title')} · Latchkey`;
  }, [title]);
  return <div className="console-head"><h1>{title}</h1>{children}</div>;
}
