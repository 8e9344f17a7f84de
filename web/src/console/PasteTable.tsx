import { useId, useState } from 'react';
import { CircleAlert, Table2 } from 'lucide-react';
import { places, type Pasted } from '../api/places';
import { Button } from '../parts/Button';
import { Trouble } from '../parts/Trouble';
import { t, tn } from '../text/t';
import { useForm } from '../screens/entry/useForm';
import './PasteTable.css';

/** Many lockers at once, out of a spreadsheet: first each line is looked at, then all are made, or none. */
export function PasteTable({ pointId, bank, onDone }: { pointId: string; bank: string; onDone: () => void }) {
  const id = useId();
  const [open, setOpen] = useState(false);
  const [table, setTable] = useState('');
  const [seen, setSeen] = useState<{ table: string; pasted: Pasted } | null>(null);
  const [said, setSaid] = useState('');
  const { form, busy, problem, submit } = useForm();
  const looked = seen?.table === table ? seen.pasted : null;
  const wrong = looked?.lines.filter((line) => line.errors.length > 0).length ?? 0;
  const deed = async (): Promise<void> => {
    setSaid('');
    if (looked === null || wrong > 0) return setSeen({ table, pasted: await places.paste(pointId, table, true) });
    const made = await places.paste(pointId, table, false);
    setSaid(tn('paste.made', made.lines.length));
    setTable('');
    setSeen(null);
    onDone();
  };
  if (!open) return <p><Button look="text" icon={<Table2 size={18} aria-hidden="true" />} onClick={() => setOpen(true)}>{t('paste.title')}</Button> <span role="status" className="small">{said}</span></p>;
  return (
    <form ref={form} className="paste stack" noValidate onSubmit={submit(deed)}>
      <label htmlFor={id}>{t('paste.title')}</label>
      <p id={`${id}-hint`} className="small quiet">{t('paste.hint')}</p>
      <textarea id={id} rows={6} value={table} spellCheck={false} maxLength={40_000} placeholder={`${bank}\t1\t101\tS\n${bank}\t2\t102\tM`} aria-describedby={`${id}-hint`} onChange={(event) => setTable(event.target.value)} />
      {problem !== null && <Trouble problem={problem} />}
      {looked !== null && (
        <div className="paste-lines" tabIndex={0} role="region" aria-label={t('paste.says')}>
          <table>
            <thead><tr><th scope="col">{t('paste.line')}</th><th scope="col">{t('console.col.bank')}</th><th scope="col">{t('paste.door')}</th><th scope="col">{t('paste.label')}</th><th scope="col">{t('paste.size')}</th><th scope="col">{t('paste.says')}</th></tr></thead>
            <tbody>
              {looked.lines.map((line) => (
                <tr key={line.number} data-wrong={line.errors.length > 0 || undefined}>
                  <td className="num">{line.number}</td><td>{line.bank}</td><td className="num">{line.door ?? ''}</td><td>{line.label}</td><td>{line.size ?? ''}</td>
                  <td>{line.errors.length === 0 ? t('paste.fine') : line.errors.map((error) => <span key={error} className="paste-error"><CircleAlert size={14} aria-hidden="true" /> {error}</span>)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p role="status" className="small">{looked !== null && wrong > 0 ? tn('paste.wrong', wrong) : said}</p>
      <div className="places-doors">
        <Button type="submit" look="primary" busy={busy}>{looked === null || wrong > 0 ? t('paste.look') : tn('paste.make', looked.lines.length)}</Button>
        <Button look="text" onClick={() => setOpen(false)}>{t('action.notNow')}</Button>
      </div>
    </form>
  );
}
