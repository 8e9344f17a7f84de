import { useEffect, useRef, type ReactNode } from 'react';
import { Button } from '../../../parts/Button';
import { t } from '../../../text/t';
import '../../../parts/Confirm.css';

/** Something to hold before a reader or to remember, alone on the screen. */
export function Sheet({ title, onClose, done, children }: { title: string; onClose: () => void; done?: string; children: ReactNode }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog ref={dialog} className="confirm sheet" aria-labelledby="sheet-title" onClose={onClose}>
      <h2 id="sheet-title">{title}</h2>
      {children}
      <div className="confirm-actions"><Button look={done === undefined ? 'primary' : 'text'} wide onClick={() => dialog.current?.close()}>{done ?? t('pass.done')}</Button></div>
    </dialog>
  );
}
