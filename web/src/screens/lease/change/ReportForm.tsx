import { useRef, useState } from 'react';
import { CircleCheck, LifeBuoy, Replace, Undo2 } from 'lucide-react';
import { changes, problems, type ProblemKind, type Report } from '../../../api/changes';
import { Intent } from '../../../api/intent';
import type { Lease } from '../../../api/types';
import { Button } from '../../../parts/Button';
import { problemWords } from '../../../parts/problemWords';
import { Trouble } from '../../../parts/Trouble';
import { useDeed } from '../../../parts/useDeed';
import { t } from '../../../text/t';
import './Change.css';

/** What is wrong, and what should happen: another locker at once, the staff, and the money back where there is no other locker. */
export function ReportForm({ lease, put }: { lease: Lease; put: (change: (known: Lease) => Lease) => void }) {
  const jammed = lease.door.state === 'jammed' || lease.command?.state === 'not-opened';
  const [what, setWhat] = useState<ProblemKind>(jammed ? 'stuck' : 'other');
  const [inside, setInside] = useState(lease.openedEver && lease.door.occupied !== false);
  const { busy, problem, forget, run } = useDeed<Report['want']>();
  const [ticket, setTicket] = useState<string | null>(null);
  const intent = useRef(new Intent());
  const full = problem?.code === 'no-free-locker';

  const report = async (want: Report['want']): Promise<void> => {
    const wish: Report = { what, want, inside: want === 'staff' && inside };
    await run(want, async () => {
      // Pressed again after a lost answer it is the same report: another would take another locker.
      const told = await intent.current.run((key) => changes.report(lease.id, wish, key), JSON.stringify(wish));
      setTicket(told.ticket);
      put(() => told.lease);
    });
  };

  if (ticket !== null) {
    return (
      <p className="change-told" role="status"><CircleCheck size={22} aria-hidden="true" /><span>{t('report.told', { ticket })}</span></p>
    );
  }
  return (
    <div className="change">
      <fieldset className="change-what">
        <legend>{t('report.what')}</legend>
        {problems.map((each) => (
          <label key={each} className="change-inside"><input type="radio" name="report-what" checked={what === each} onChange={() => { setWhat(each); forget(); }} /><span>{t(problemWords[each])}</span></label>
        ))}
      </fieldset>
      <label className="change-inside"><input type="checkbox" checked={inside} onChange={(event) => setInside(event.target.checked)} /><span>{t('report.inside')}</span></label>
      {problem !== null && <Trouble problem={problem} />}
      {!inside && !full && <Button look="primary" wide busy={busy === 'another'} icon={<Replace size={20} aria-hidden="true" />} onClick={() => void report('another')}>{t('report.another')}</Button>}
      {!inside && full && (
        <>
          <p>{t('report.full')}</p>
          <Button look="primary" wide busy={busy === 'money'} icon={<Undo2 size={20} aria-hidden="true" />} onClick={() => void report('money')}>{t('report.money')}</Button>
        </>
      )}
      <Button look={inside ? 'primary' : 'plain'} wide busy={busy === 'staff'} icon={<LifeBuoy size={20} aria-hidden="true" />} onClick={() => void report('staff')}>{t('report.staff')}</Button>
    </div>
  );
}
