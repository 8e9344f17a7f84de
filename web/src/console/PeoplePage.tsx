import { useState } from 'react';
import { UserRoundPlus, Users } from 'lucide-react';
import { type Account, atWork, type StaffPerson } from '../api/console';
import { useResource } from '../api/useResource';
import { dateTime, zoneHere } from '../format/time';
import { Button } from '../parts/Button';
import { Chips } from '../parts/Chips';
import { Field } from '../parts/Field';
import { More } from '../parts/More';
import { Skeleton } from '../parts/Skeleton';
import { Trouble } from '../parts/Trouble';
import { usePages } from '../parts/usePages';
import { t } from '../text/t';
import { useForm } from '../screens/entry/useForm';
import { Heading } from './Heading';
import { SidePanel } from './SidePanel';
import type { Work } from './sites';
import { Table } from './Table';

const roles: StaffPerson['role'][] = ['operator', 'courier', 'admin', 'customer'];

/** Who may do what: an admin gives somebody with an account a role, and takes it back. */
export function PeoplePage({ work }: { work: Work }) {
  const { data, problem, reload } = useResource('admin/staff', (signal) => atWork.staff(signal));
  const [chosen, setChosen] = useState<StaffPerson | 'new' | null>(null);
  const [said, setSaid] = useState('');
  const [which, setWhich] = useState<'staff' | 'all'>('staff');
  const name = (siteId: string): string => work.sites?.find((site) => site.id === siteId)?.name ?? '';
  return (
    <div className="console-split" data-open={chosen !== null || undefined}>
      <div className="console-page">
        <Heading title={t('console.people')}><Button icon={<UserRoundPlus size={18} aria-hidden="true" />} onClick={() => { setChosen('new'); setSaid(''); }}>{t('console.addPerson')}</Button></Heading>
        <p className="quiet">{t('console.peopleText')}</p>
        <Chips label={t('console.show')} value={which} onChoose={(value) => { setWhich(value); setChosen(null); }} chips={[{ value: 'staff', text: t('console.withRole') }, { value: 'all', text: t('console.everybody') }]} />
        <p role="status" className="small">{said}</p>
        {problem !== null && <Trouble problem={problem} retry={reload} />}
        {data === null && problem === null && <Skeleton rows={5} height={36} />}
        {which === 'all' && <Everybody chosen={chosen === null || chosen === 'new' ? null : chosen.id} onOpen={(account) => { setSaid(''); setChosen(data?.items.find((each) => each.id === account.id) ?? { ...account, secondStep: false, sites: [] }); }} />}
        {which === 'staff' && data?.items.length === 0 && <div className="empty"><Users size={32} aria-hidden="true" /><p className="empty-title">{t('console.peopleNone')}</p></div>}
        {which === 'staff' && data !== null && data.items.length > 0 && (
          <Table
            label={t('console.people')} rows={data.items} keyOf={(person) => person.id} chosen={chosen === null || chosen === 'new' ? null : chosen.id} onOpen={(person) => { setChosen(person); setSaid(''); }}
            columns={[
              { name: t('console.col.name'), show: (person) => <strong>{person.name}</strong> },
              { name: t('console.col.role'), show: (person) => t(`console.role.${person.role}`) },
              { name: t('console.col.sites'), wide: true, show: (person) => <span className="quiet">{person.sites.map(name).join(', ')}</span> },
              { name: t('console.col.address'), wide: true, show: (person) => <span className="quiet">{person.email ?? person.phone}</span> },
              { name: t('console.col.secondStep'), show: (person) => (person.secondStep ? t('console.yes') : t('console.no')) },
            ]}
          />
        )}
      </div>
      {chosen !== null && (
        <SidePanel key={chosen === 'new' ? 'new' : chosen.id} title={chosen === 'new' ? t('console.addPerson') : chosen.name} onClose={() => setChosen(null)}>
          <RoleForm person={chosen === 'new' ? null : chosen} work={work} onDone={(person) => { setChosen(null); setSaid(t('console.roleSet', { name: person.name, role: t(`console.role.${person.role}`) })); reload(); }} />
        </SidePanel>
      )}
    </div>
  );
}

/** All accounts, the newest first. */
function Everybody({ chosen, onOpen }: { chosen: string | null; onOpen: (account: Account) => void }) {
  const pages = usePages('accounts', { keyOf: (account: Account) => account.id, read: (cursor, signal) => atWork.people(cursor, signal) });
  const { first, items, problem, reload } = pages;
  return (
    <>
      {problem !== null && <Trouble problem={problem} retry={reload} />}
      {first === null && problem === null && <Skeleton rows={5} height={36} />}
      {items.length > 0 && (
        <Table
          label={t('console.everybody')} rows={items} keyOf={(account) => account.id} chosen={chosen} onOpen={onOpen}
          columns={[
            { name: t('console.col.name'), show: (account) => <strong>{account.name}</strong> },
            { name: t('console.col.role'), show: (account) => t(`console.role.${account.role}`) },
            { name: t('console.col.address'), wide: true, show: (account) => <span className="quiet">{account.email ?? account.phone}</span> },
            { name: t('console.col.since'), number: true, show: (account) => dateTime(account.createdAt, zoneHere()) },
          ]}
        />
      )}
      <More of={pages} />
    </>
  );
}

function RoleForm({ person, work, onDone }: { person: StaffPerson | null; work: Work; onDone: (person: StaffPerson) => void }) {
  const { form, busy, problem, errors, submit } = useForm();
  const [address, setAddress] = useState(person?.email ?? person?.phone ?? '');
  const [role, setRole] = useState<StaffPerson['role']>(person?.role ?? 'operator');
  const [sites, setSites] = useState<string[]>(person?.sites ?? []);
  const said = address.trim();
  const deed = async (): Promise<void> => onDone(await atWork.name({ ...(said.includes('@') ? { email: said } : { phone: said.replace(/\s/g, '') }), role, sites: role === 'operator' ? sites : [] }));
  return (
    <form ref={form} className="stack" noValidate onSubmit={submit(deed)}>
      {person === null && <Field label={t('console.addressOf')} hint={t('console.addressHint')} autoComplete="off" value={address} errors={errors['email'] ?? errors['phone']} onChange={(event) => setAddress(event.target.value)} />}
      <label className="console-select"><span>{t('console.col.role')}</span>
        <select value={role} onChange={(event) => setRole(event.target.value as StaffPerson['role'])}>{roles.map((each) => <option key={each} value={each}>{t(`console.role.${each}`)}</option>)}</select>
      </label>
      <p className="small quiet">{t(`console.roleText.${role}`)}</p>
      {role === 'operator' && (
        <fieldset className="console-checks">
          <legend>{t('console.worksAt')}</legend>
          {work.sites?.map((site) => (
            <label key={site.id}><input type="checkbox" checked={sites.includes(site.id)} onChange={(event) => setSites(event.target.checked ? [...sites, site.id] : sites.filter((each) => each !== site.id))} /> {site.name}, {site.city}</label>
          ))}
          {errors['sites']?.map((error) => <p key={error} className="console-fault small" role="alert">{error}</p>)}
        </fieldset>
      )}
      {problem !== null && errors['email'] === undefined && errors['phone'] === undefined && errors['sites'] === undefined && <Trouble problem={problem} />}
      <Button type="submit" look="primary" busy={busy}>{person === null ? t('console.giveRole') : t('console.saveRole')}</Button>
      {person !== null && <p className="small quiet">{t('console.signedOut')}</p>}
    </form>
  );
}
