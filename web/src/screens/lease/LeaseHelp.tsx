import { useEffect, useRef } from 'react';
import type { Lease } from '../../api/types';
import { Button } from '../../parts/Button';
import { t } from '../../text/t';
import { ReportForm } from './change/ReportForm';
import { CustodyButton } from '../receipt/CustodyButton';
import '../../parts/Confirm.css';
import './LeaseHelp.css';

/** What to do when the door does not do what it should, in the order that works most often. */
export function LeaseHelp({ lease, put, onClose }: { lease: Lease; put: (change: (known: Lease) => Lease) => void; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { label } = lease.locker;
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog ref={dialog} className="confirm" aria-labelledby="help-title" onClose={onClose}>
      <h2 id="help-title">{t('help.title', { label })}</h2>
      {/* Nobody has tried this door yet, as after a replacement: there is nothing to press again. */}
      {lease.command !== null && (
        <ol className="help-steps">
          <li>{t('help.press', { label })}</li>
          <li>{t('help.wait')}</li>
        </ol>
      )}
      <ReportForm lease={lease} put={put} />
      <p className="help-number"><span className="small quiet">{t('help.number')}</span><strong className="num">{lease.id.slice(0, 8).toUpperCase()}</strong></p>
      <p className="small quiet">{t('help.money')}</p>
      <CustodyButton leaseId={lease.id} />
      <div className="confirm-actions"><Button look="text" wide onClick={() => dialog.current?.close()}>{t('help.back')}</Button></div>
    </dialog>
  );
}
