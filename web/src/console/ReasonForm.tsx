import { useEffect, useId, useRef, useState, type FormEvent } from 'react';
import { Button } from '../parts/Button';
import { t } from '../text/t';
import { word } from './words';

interface ReasonFormProps { label: string; hint?: string; reasons: readonly string[]; deed: string; busy: boolean; onDeed: (reason: string) => Promise<boolean>; onClose: () => void }

/** Before a door or money moves: why, in one word that the journal keeps. The button names the deed. */
export function ReasonForm({ label, hint, reasons, deed, busy, onDeed, onClose }: ReasonFormProps) {
  const id = useId();
  const select = useRef<HTMLSelectElement>(null);
  const [reason, setReason] = useState(reasons[0] ?? 'other');
  useEffect(() => select.current?.focus(), []);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!busy) void onDeed(reason);
  };
  return (
    <form className="console-reason" onSubmit={submit}>
      <label htmlFor={id}>{label}</label>
      <select ref={select} id={id} value={reason} aria-describedby={hint === undefined ? undefined : `${id}-hint`} onChange={(event) => setReason(event.target.value)}>
        {reasons.map((each) => <option key={each} value={each}>{word('reason', each)}</option>)}
      </select>
      {hint !== undefined && <p id={`${id}-hint`} className="small quiet">{hint}</p>}
      <div className="console-reason-deeds">
        <Button type="submit" look="primary" busy={busy}>{deed}</Button>
        <Button look="text" onClick={onClose}>{t('action.notNow')}</Button>
      </div>
    </form>
  );
}
