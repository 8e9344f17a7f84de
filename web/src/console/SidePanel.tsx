import { useEffect, useRef, type ReactNode } from 'react';
import { X } from 'lucide-react';
import { t } from '../text/t';

interface SidePanelProps { title: string; beside?: ReactNode; onClose: () => void; children: ReactNode }

/** What there is to know of one thing, beside the list it was chosen from. Escape closes it and gives the focus back. */
export function SidePanel({ title, beside, onClose, children }: SidePanelProps) {
  const head = useRef<HTMLHeadingElement>(null);
  const from = useRef<Element | null>(null);
  useEffect(() => {
    from.current = document.activeElement;
    head.current?.focus({ preventScroll: true });
    return () => (from.current as HTMLElement | null)?.focus({ preventScroll: true });
  }, []);
  return (
    <aside className="console-panel" aria-label={title} onKeyDown={(event) => { if (event.key === 'Escape') onClose(); }}>
      <div className="console-panel-head">
        <h2 ref={head} tabIndex={-1}>{title}</h2>
        {beside}
        <button type="button" className="console-close" aria-label={t('action.close')} onClick={onClose}><X size={20} aria-hidden="true" /></button>
      </div>
      {children}
    </aside>
  );
}
