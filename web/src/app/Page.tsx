import type { ReactNode } from 'react';
import { useHeading } from './useHeading';
import './Page.css';

interface PageProps { title: string; heading?: ReactNode; className?: string; children: ReactNode }

/** One screen with its one heading. */
export function Page({ title, heading, className = '', children }: PageProps) {
  const top = useHeading(title === 'Latchkey' ? title : `${title} · Latchkey`);
  return (
    <div className={`page ${className}`}>
      <h1 ref={top} tabIndex={-1}>{heading ?? title}</h1>
      {children}
    </div>
  );
}
