import { useState } from 'react';
import { KeyRound, Plus, UserRoundPen } from 'lucide-react';
import { type AnyLock, locks } from '../api/locks';
import { places } from '../api/places';
import { useResource } from '../api/useResource';
import { Button } from '../parts/Button';
import { Field } from '../parts/Field';
import { issueWords } from '../parts/issueWords';
import { Skeleton } from '../parts/Skeleton';
import { Trouble } from '../parts/Trouble';
import { t } from '../text/t';
import { useForm } from '../screens/entry/useForm';
import { Heading } from './Heading';

/** Every lock that somebody may own, and whose it is; an admin gives it to somebody else or takes it away. */
export function OwnersPage() {
  const { data, problem, reload, put } = useResource('admin/locks', (signal) => locks.all(signal));
  const [changing, setChanging] = useState<string | null>(null);
  const [making, setMaking] = useState(false);
  const [said, setSaid] = useState('');
  const changed = (lock: AnyLock): void => {
    put((known) => ({ items: known.items.map((each) => each.id === lock.id ? lock : each) }));
    setChanging(null);
    setSaid(lock.owner === null ? t('owners.taken', { name: lock.name }) : t('owners.done', { name: lock.name }));
  };
  return (
    <div className="console-page console-list">
      <Heading title={t('owners.title')} />
      {problem !== null && <Trouble problem={problem} retry={reload} />}
      {data === null && problem === null && <Skeleton rows={3} height={96} />}
      <p className="small quiet" role="status">{said}</p>
      {data !== null && (making
        ? <NewLock onMade={(lock) => { put((known) => ({ items: [lock, ...known.items] })); setMaking(false); setSaid(t('owners.made', { name: lock.name })); }} onClose={() => setMaking(false)} />
        : <p><Button icon={<Plus size={18} aria-hidden="true" />} onClick={() => setMaking(true)}>{t('owners.make')}</Button></p>)}
      {data?.items.length === 0 && <div className="empty"><KeyRound size={32} aria-hidden="true" /><p className="empty-title">{t('owners.none')}</p><p className="quiet">{t('owners.noneHint')}</p></div>}
      {data !== null && data.items.length > 0 && (
        <ul className="rows">
          {data.items.map((lock) => (
            <li key={lock.id}>
              <span className="rows-what">
                <strong>{lock.name}</strong>
                <span className="small quiet">{t('owners.of', { owner: lock.owner === null ? t('owners.nobody') : `${lock.owner.name} ${lock.owner.email ?? ''}` })}</span>
                <span className="small quiet">{[lock.device ? lock.online === true ? t('lock.online') : t('lock.offline') : t('owners.noDevice'), ...(lock.issue === null ? [] : [issueWords(lock.issue)])].join(' · ')}</span>
              </span>
              {changing === lock.id
                ? <NewOwner lock={lock} onChanged={changed} onClose={() => setChanging(null)} />
                : <Button icon={<UserRoundPen size={18} aria-hidden="true" />} aria-label={t('owners.changeOf', { name: lock.name })} onClick={() => setChanging(lock.id)}>{t('owners.change')}</Button>}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** A lock gets its name and the place that looks after it first; its device comes with a claim code, its owner with the code of its label. */
function NewLock({ onMade, onClose }: { onMade: (lock: AnyLock) => void; onClose: () => void }) {
  const { form, busy, problem, errors, submit } = useForm();
  const points = useResource('places/points', (signal) => places.points(signal));
  const [name, setName] = useState('');
  const [site, setSite] = useState('');
  const chosen = site === '' ? points.data?.items[0]?.id ?? '' : site;
  return (
    <form ref={form} className="panel stack" noValidate onSubmit={submit(async () => onMade(await locks.make(chosen, name.trim())))}>
      <Field label={t('owners.name')} hint={t('owners.nameHint')} value={name} errors={errors['name']} maxLength={60} autoComplete="off" autoFocus onChange={(event) => setName(event.target.value)} />
      <label className="console-select"><span>{t('owners.site')}</span>
        <select value={chosen} onChange={(event) => setSite(event.target.value)}>{points.data?.items.map((point) => <option key={point.id} value={point.id}>{point.name}, {point.city}</option>)}</select>
      </label>
      {problem !== null && errors['name'] === undefined && <Trouble problem={problem} />}
      <Button type="submit" look="primary" busy={busy}>{t('owners.makeIt')}</Button>
      <Button look="text" onClick={onClose}>{t('action.notNow')}</Button>
    </form>
  );
}

function NewOwner({ lock, onChanged, onClose }: { lock: AnyLock; onChanged: (lock: AnyLock) => void; onClose: () => void }) {
  const { form, busy, problem, errors, submit } = useForm();
  const [email, setEmail] = useState('');
  return (
    <form ref={form} className="stack" style={{ flex: '1 1 100%' }} noValidate onSubmit={submit(async () => onChanged(await locks.give(lock.id, email.trim())))}>
      <p className="small quiet">{t('owners.text')}</p>
      <Field label={t('owners.email')} type="email" autoComplete="off" value={email} errors={errors['email']} autoFocus onChange={(event) => setEmail(event.target.value)} />
      {problem !== null && errors['email'] === undefined && <Trouble problem={problem} />}
      <Button type="submit" look="primary" busy={busy}>{t('owners.give')}</Button>
      {lock.owner !== null && <Button look="fault" busy={busy} onClick={submit(async () => onChanged(await locks.give(lock.id, null)))}>{t('owners.take', { owner: lock.owner.name })}</Button>}
      <Button look="text" onClick={onClose}>{t('action.notNow')}</Button>
    </form>
  );
}
