import { useState } from 'react';
import { Plus, Trash2 } from 'lucide-react';
import { places, type ClearReason, type Point, type PointBank } from '../api/places';
import { sizes, type LockerAtPoint, type Size } from '../api/types';
import { useResource } from '../api/useResource';
import { Button } from '../parts/Button';
import { Chips } from '../parts/Chips';
import { Confirm } from '../parts/Confirm';
import { Field } from '../parts/Field';
import { Skeleton } from '../parts/Skeleton';
import { Trouble } from '../parts/Trouble';
import { useDeed } from '../parts/useDeed';
import { t, type Plain } from '../text/t';
import { numbersOf, useForm } from '../screens/entry/useForm';
import { PasteTable } from './PasteTable';

const reasons: ClearReason[] = ['overdue', 'left-behind', 'broken', 'other'];
const reasonWords: Record<ClearReason, Plain> = { overdue: 'places.reason.overdue', 'left-behind': 'places.reason.left-behind', broken: 'places.reason.broken', other: 'places.reason.other' };

/** The lockers of one place, broken ones too: in and out of service, cleared, and new ones. */
export function PointLockers({ point, onChanged }: { point: Point; onChanged: () => void }) {
  const { data, problem, reload } = useResource(`places/lockers/${point.id}`, (signal) => places.lockers(point.id, signal));
  const deed = useDeed<string>();
  const [clearing, setClearing] = useState<LockerAtPoint | null>(null);
  const [leaving, setLeaving] = useState<PointBank | null>(null);
  const done = (): void => { reload(); onChanged(); };
  const act = (what: string, change: () => Promise<unknown>): void => void deed.run(what, async () => { await change(); }).then(done);
  return (
    <div className="stack">
      {problem !== null && <Trouble problem={problem} retry={reload} />}
      {deed.problem !== null && <Trouble problem={deed.problem} />}
      {data === null && problem === null && <Skeleton rows={2} height={48} />}
      {point.banks.length === 0 && <p className="quiet">{t('places.noBanks')}</p>}
      <ul>
        {data?.items.map((locker) => (
          <li key={locker.id} className="places-row">
            <span><strong className="num">{locker.label}</strong> {locker.size}, {locker.bank} <span className="small quiet">{t(locker.availability === 'free' ? 'places.free' : locker.availability === 'taken' ? 'places.taken' : 'places.outOfService')}</span></span>
            <span className="places-doors">
              {locker.availability === 'taken' && <Button look="text" aria-label={t('places.clearOf', { label: locker.label })} onClick={() => setClearing(locker)}>{t('places.clear')}</Button>}
              {locker.availability === 'out-of-service'
                ? <Button look="text" busy={deed.busy === locker.id} aria-label={t('places.inOf', { label: locker.label })} onClick={() => act(locker.id, () => change(locker, true))}>{t('places.in')}</Button>
                : <Button look="text" busy={deed.busy === locker.id} aria-label={t('places.outOf', { label: locker.label })} onClick={() => act(locker.id, () => change(locker, false))}>{t('places.out')}</Button>}
              {locker.availability !== 'taken' && <Button look="text" busy={deed.busy === `x${locker.id}`} aria-label={t('places.remove', { name: locker.label })} onClick={() => act(`x${locker.id}`, () => places.removeLocker(locker.id))}>{t('places.removeShort')}</Button>}
            </span>
          </li>
        ))}
      </ul>
      {point.banks.map((bank) => (
        <div key={bank.id}>
          <NewLocker bank={bank} onDone={done} />
          {data !== null && data.items.every((locker) => locker.bankId !== bank.id || locker.availability !== 'taken') && (
            <Button look="text" icon={<Trash2 size={18} aria-hidden="true" />} onClick={() => setLeaving(bank)}>{t('places.remove', { name: bank.name })}</Button>
          )}
        </div>
      ))}
      {point.banks.length > 0 && <PasteTable pointId={point.id} bank={point.banks[0]?.name ?? ''} onDone={done} />}
      {leaving !== null && (
        <Confirm
          title={t('places.removeBank', { name: leaving.name })} deed={t('places.remove', { name: leaving.name })} busy={deed.busy === leaving.id} onClose={() => setLeaving(null)}
          onDeed={() => void deed.run(leaving.id, async () => { await places.removeBank(leaving.id); setLeaving(null); }).then(done)}
        >
          <p>{t('places.removeBankText')}</p>
          {deed.problem !== null && <Trouble problem={deed.problem} />}
        </Confirm>
      )}
      <NewBank pointId={point.id} onDone={done} />
      {clearing !== null && <Clearing locker={clearing} onClose={() => setClearing(null)} onDone={() => { setClearing(null); done(); }} />}
    </div>
  );
}

function change(locker: LockerAtPoint, inService: boolean): Promise<unknown> {
  return places.changeLocker(locker.id, { label: locker.label, size: locker.size, features: locker.features, inService });
}

function Clearing({ locker, onClose, onDone }: { locker: LockerAtPoint; onClose: () => void; onDone: () => void }) {
  const { busy, problem, run } = useDeed();
  const [reason, setReason] = useState<ClearReason>('overdue');
  const [open, setOpen] = useState(true);
  const deed = (): void => void run('deed', async () => { await places.clear(locker.id, reason, open); onDone(); });
  return (
    <Confirm title={t('places.clearOf', { label: locker.label })} deed={open ? t('places.clearOpen') : t('places.clearShut')} busy={busy !== null} onDeed={deed} onClose={onClose}>
      <p>{t('places.clearText')}</p>
      <Chips label={t('places.clearReason')} value={reason} onChoose={setReason} chips={reasons.map((each) => ({ value: each, text: t(reasonWords[each]) }))} />
      <Chips label={t('places.clear')} value={open ? 'open' : 'shut'} onChoose={(value) => setOpen(value === 'open')} chips={[{ value: 'open', text: t('places.clearOpen') }, { value: 'shut', text: t('places.clearShut') }]} />
      {problem !== null && <Trouble problem={problem} />}
    </Confirm>
  );
}

function NewLocker({ bank, onDone }: { bank: PointBank; onDone: () => void }) {
  const { form, busy, problem, errors, submit } = useForm();
  const [number, setNumber] = useState('');
  const [label, setLabel] = useState('');
  const [size, setSize] = useState<Size>('S');
  const deed = async (): Promise<void> => {
    await places.makeLocker({ bankId: bank.id, ...numbersOf({ number }), label, size });
    setNumber('');
    setLabel('');
    onDone();
  };
  return (
    <form ref={form} className="stack" noValidate onSubmit={submit(deed)} aria-label={t('places.newLocker', { bank: bank.name })}>
      <h3>{t('places.newLocker', { bank: bank.name })}</h3>
      <div className="places-form">
        <Field label={t('places.number')} value={number} errors={errors['number']} inputMode="numeric" maxLength={3} onChange={(event) => setNumber(event.target.value)} />
        <Field label={t('places.label')} value={label} errors={errors['label']} maxLength={20} onChange={(event) => setLabel(event.target.value)} />
      </div>
      <Chips label={t('send.size')} value={size} onChoose={setSize} chips={sizes.map((each) => ({ value: each, text: each }))} />
      {problem !== null && Object.keys(errors).length === 0 && <Trouble problem={problem} />}
      <Button type="submit" busy={busy} icon={<Plus size={18} aria-hidden="true" />}>{t('places.make')}</Button>
    </form>
  );
}

function NewBank({ pointId, onDone }: { pointId: string; onDone: () => void }) {
  const { form, busy, problem, errors, submit } = useForm();
  const [name, setName] = useState('');
  const [columns, setColumns] = useState('4');
  const deed = async (): Promise<void> => {
    await places.makeBank(pointId, name, numbersOf({ columns }).columns);
    setName('');
    onDone();
  };
  return (
    <form ref={form} className="stack" noValidate onSubmit={submit(deed)} aria-label={t('places.newBank')}>
      <h3>{t('places.newBank')}</h3>
      <div className="places-form">
        <Field label={t('places.name')} value={name} errors={errors['name']} maxLength={60} onChange={(event) => setName(event.target.value)} />
        <Field label={t('places.columns')} value={columns} errors={errors['columns']} inputMode="numeric" maxLength={3} onChange={(event) => setColumns(event.target.value)} />
      </div>
      {problem !== null && Object.keys(errors).length === 0 && <Trouble problem={problem} />}
      <Button type="submit" busy={busy} icon={<Plus size={18} aria-hidden="true" />}>{t('places.make')}</Button>
    </form>
  );
}
