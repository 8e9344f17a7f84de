import { useState } from 'react';
import { Plus, Trash2 } from 'lucide-react';
import { places, type CityOf, type Point } from '../api/places';
import { useResource } from '../api/useResource';
import { minorOf, typed } from '../format/money';
import { Button } from '../parts/Button';
import { Chips } from '../parts/Chips';
import { Field } from '../parts/Field';
import { Skeleton } from '../parts/Skeleton';
import { Trouble } from '../parts/Trouble';
import { t, tn } from '../text/t';
import { numbersOf, useForm } from '../screens/entry/useForm';
import { Heading } from './Heading';
import { PointLockers } from './PointLockers';

/** Admins say where lockers are: states, their cities, the places there, and the lockers of each. */
export function PlacesPage() {
  const states = useResource('places/states', (signal) => places.states(signal));
  const cities = useResource('places/cities', (signal) => places.cities(signal));
  const points = useResource('places/points', (signal) => places.points(signal));
  const [picked, setPicked] = useState<string | null>(null);
  const reload = (): void => { states.reload(); cities.reload(); points.reload(); };
  const problem = states.problem ?? cities.problem ?? points.problem;
  const state = states.data?.items.find((each) => each.id === picked) ?? states.data?.items[0];
  return (
    <div className="console-page console-list">
      <Heading title={t('places.title')} />
      <p className="quiet">{t('places.text')}</p>
      {problem !== null && <Trouble problem={problem} retry={reload} />}
      {states.data === null && problem === null && <Skeleton rows={3} height={96} />}
      {states.data !== null && states.data.items.length > 0 && <Chips label={t('places.state')} value={state?.id ?? null} onChoose={setPicked} chips={states.data.items.map((each) => ({ value: each.id, text: each.name }))} />}
      {state !== undefined && cities.data !== null && points.data !== null && (
        <div className="places-tree">
          {cities.data.items.every((city) => city.stateId !== state.id) && (
            <div className="places-row"><span className="quiet">{t('places.none')}</span><Removing name={state.name} remove={() => places.removeState(state.id)} onDone={reload} /></div>
          )}
          {cities.data.items.filter((city) => city.stateId === state.id).map((city) => (
            <City key={city.id} city={city} points={points.data?.items.filter((point) => point.city === city.name && point.state === city.state) ?? []} onChanged={reload} />
          ))}
          <Adding key={state.id} label={t('places.newCity')} make={(name) => places.makeCity(state.id, name)} onDone={reload} />
        </div>
      )}
      {states.data !== null && <section className="panel"><Adding label={t('places.newState')} make={(name) => places.makeState(name)} onDone={reload} /></section>}
    </div>
  );
}

function City({ city, points, onChanged }: { city: CityOf; points: Point[]; onChanged: () => void }) {
  const [shown, setShown] = useState<string | null>(null);
  const [adding, setAdding] = useState(false);
  return (
    <section className="panel" aria-labelledby={`city-${city.id}`}>
      <h2 id={`city-${city.id}`}>{city.name}</h2>
      {points.length === 0 && <div className="places-row"><span className="quiet">{t('places.noPoints')}</span><Removing name={city.name} remove={() => places.removeCity(city.id)} onDone={onChanged} /></div>}
      {points.map((point) => (
        <div key={point.id}>
          <div className="places-row">
            <span><strong>{point.name}</strong><br /><span className="small quiet">{point.address} · {tn('places.lockers', point.lockers)}</span></span>
            {point.banks.length === 0 && <Removing name={point.name} remove={() => places.removePoint(point.id)} onDone={onChanged} />}
            <Button aria-expanded={shown === point.id} aria-label={t('places.show', { name: point.name })} onClick={() => setShown(shown === point.id ? null : point.id)}>{t('places.showShort')}</Button>
          </div>
          {shown === point.id && <PointLockers point={point} onChanged={onChanged} />}
        </div>
      ))}
      {adding ? <NewPlace cityId={city.id} onDone={() => { setAdding(false); onChanged(); }} /> : <Button look="text" icon={<Plus size={18} aria-hidden="true" />} onClick={() => setAdding(true)}>{t('places.newPoint')}</Button>}
    </section>
  );
}

/** A new place begins with the usual prices, and those are in rupees. */
const currency = 'INR';

function NewPlace({ cityId, onDone }: { cityId: string; onDone: () => void }) {
  const { form, busy, problem, errors, submit } = useForm();
  const [name, setName] = useState('');
  const [address, setAddress] = useState('');
  const [latitude, setLatitude] = useState('');
  const [longitude, setLongitude] = useState('');
  const [storage, setStorage] = useState(typed({ minor: 5000, currency }));
  const deed = async (): Promise<void> => {
    const { storagePerHourMinor, ...position } = numbersOf({ latitude, longitude, storagePerHourMinor: storage });
    await places.makePoint({ cityId, name, address, ...position, storagePerHourMinor: minorOf(storagePerHourMinor, currency) });
    onDone();
  };
  return (
    <form ref={form} className="places-form" noValidate onSubmit={submit(deed)}>
      <Field label={t('places.name')} value={name} errors={errors['name']} maxLength={80} onChange={(event) => setName(event.target.value)} />
      <Field label={t('places.address')} value={address} errors={errors['address']} maxLength={200} onChange={(event) => setAddress(event.target.value)} />
      <Field label={t('places.latitude')} value={latitude} errors={errors['latitude']} inputMode="decimal" onChange={(event) => setLatitude(event.target.value)} />
      <Field label={t('places.longitude')} value={longitude} errors={errors['longitude']} inputMode="decimal" onChange={(event) => setLongitude(event.target.value)} />
      <Field label={t('places.storage', { currency })} value={storage} errors={errors['storagePerHourMinor']} inputMode="decimal" onChange={(event) => setStorage(event.target.value)} />
      {problem !== null && Object.keys(errors).length === 0 && <Trouble problem={problem} />}
      <Button type="submit" look="primary" busy={busy}>{t('places.make')}</Button>
    </form>
  );
}

/** A name and a button: what a state and a city need. */
function Adding({ label, make, onDone }: { label: string; make: (name: string) => Promise<unknown>; onDone: () => void }) {
  const { form, busy, problem, errors, submit } = useForm();
  const [name, setName] = useState('');
  const deed = async (): Promise<void> => {
    await make(name);
    setName('');
    onDone();
  };
  return (
    <form ref={form} className="places-form" noValidate onSubmit={submit(deed)}>
      <Field label={label} value={name} errors={errors['name']} maxLength={60} autoComplete="off" onChange={(event) => setName(event.target.value)} />
      <Button type="submit" busy={busy} icon={<Plus size={18} aria-hidden="true" />}>{t('places.make')}</Button>
      {problem !== null && errors['name'] === undefined && <Trouble problem={problem} />}
    </form>
  );
}

function Removing({ name, remove, onDone }: { name: string; remove: () => Promise<void>; onDone: () => void }) {
  const { form, busy, problem, submit } = useForm();
  return (
    <form ref={form} onSubmit={submit(async () => { await remove(); onDone(); })}>
      {problem !== null && <Trouble problem={problem} />}
      <Button type="submit" look="text" busy={busy} aria-label={t('places.remove', { name })} icon={<Trash2 size={18} aria-hidden="true" />}>{t('places.removeShort')}</Button>
    </form>
  );
}
