import { useEffect, useRef, type ReactNode } from 'react';
import { t } from '../text/t';
import { Button } from './Button';
import './Confirm.css';

interface ConfirmProps { title: string; deed: string; busy: boolean; onDeed: () => void; onClose: () => void; children: ReactNode }

/** Asked only before doors and money. The button names the deed; "yes" and "OK" do not exist. */
export function Confirm({ title, deed, busy, onDeed, onClose, children }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog ref={dialog} className="confirm" aria-labelledby="confirm-title" onCancel={(event) => { event.preventDefault(); if (!busy) onClose(); }}>
      <h2 id="confirm-title">{title}</h2>
      {children}
      <div className="confirm-actions">
        <Button look="primary" wide busy={busy} onClick={onDeed}>{deed}</Button>
        <Button look="text" onClick={onClose} disabled={busy}>{t('action.notNow')}</Button>
      </div>
    </dialog>
  );
}
