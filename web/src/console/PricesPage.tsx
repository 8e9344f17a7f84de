import { useState } from 'react';
import { CircleDollarSign, Plus } from 'lucide-react';
import { atWork, type DatedTariff, type SiteAtWork, type TariffRates } from '../api/console';
import { sizes, type Size } from '../api/types';
import { useResource } from '../api/useResource';
import { minorOf, money, typed } from '../format/money';
import { fullDate } from '../format/time';
import { Button } from '../parts/Button';
import { Facts } from '../parts/Facts';
import { Field } from '../parts/Field';
import { Pill } from '../parts/Pill';
import { Skeleton } from '../parts/Skeleton';
import { Trouble } from '../parts/Trouble';
import { sizeName } from '../parts/sizeWords';
import { useDeed } from '../parts/useDeed';
import { t } from '../text/t';
import { numbersOf, useForm } from '../screens/entry/useForm';
import { Heading } from './Heading';
import { instant } from './instant';
import { SidePanel } from './SidePanel';
import { Table } from './Table';

const rates = ['perHour', 'capPerDay', 'overduePerHour', 'overdueCap', 'deposit'] as const;

/** What a site charges, charged, and will charge. What was held before keeps the price of its hold. */
export function PricesPage({ site }: { site: SiteAtWork }) {
  const { data, problem, reload, put } = useResource(`tariffs/${site.id}`, (signal) => atWork.tariffs(site.id, signal));
  const [chosen, setChosen] = useState<DatedTariff | 'new' | null>(null);
  const { busy, problem: failed, run } = useDeed();
  const current = data?.items.find((each) => each.state === 'current') ?? data?.items[0] ?? null;
  return (
    <div className="console-split" data-open={chosen !== null || undefined}>
      <div className="console-page">
        <Heading title={t('console.prices')}><span className="quiet">{site.name}</span>{current !== null && <Button icon={<Plus size={18} aria-hidden="true" />} onClick={() => setChosen('new')}>{t('console.newPrices')}</Button>}</Heading>
        <p className="quiet">{t('console.pricesText')}</p>
        {problem !== null && <Trouble problem={problem} retry={reload} />}
        {data === null && problem === null && <Skeleton rows={4} height={36} />}
        {data?.items.length === 0 && <div className="empty"><CircleDollarSign size={32} aria-hidden="true" /><p className="empty-title">{t('console.pricesNone')}</p></div>}
        {data !== null && data.items.length > 0 && (
          <Table
            label={t('console.prices')} rows={data.items} keyOf={(each) => each.begins} chosen={chosen === null || chosen === 'new' ? null : chosen.begins} onOpen={setChosen}
            columns={[
              { name: t('console.col.begins'), number: true, show: (each) => begun(each, site.timeZone) },
              { name: t('console.col.state'), show: (each) => <Pill tone={each.state === 'current' ? 'free' : each.state === 'coming' ? 'yours' : 'busy'} icon={null}>{t(`console.tariff.${each.state}`)}</Pill> },
              ...sizes.map((size) => ({ name: `${sizeName(size)}, ${t('console.rate.perHour')}`, number: true, show: (each: DatedTariff) => amount(each.tariff, size, 'perHour') })),
            ]}
          />
        )}
      </div>
      {chosen === 'new' && current !== null && (
        <SidePanel title={t('console.newPrices')} onClose={() => setChosen(null)}>
          <PricesForm site={site} from={current.tariff} onDone={() => { setChosen(null); reload(); }} />
        </SidePanel>
      )}
      {chosen !== null && chosen !== 'new' && (
        <SidePanel key={chosen.begins} title={t(`console.tariff.${chosen.state}`)} onClose={() => setChosen(null)}>
          <p className="console-panel-what">{t('console.begins', { time: begun(chosen, site.timeZone) })}</p>
          {sizes.filter((size) => chosen.tariff.rates[size] !== undefined).map((size) => (
            <section key={size}><h3>{sizeName(size)}</h3><Facts rows={rates.map((rate) => [t(`console.rate.${rate}`), amount(chosen.tariff, size, rate)])} /></section>
          ))}
          <Facts rows={[[t('console.freeMinutes'), String(chosen.tariff.freeMinutes)], [t('console.graceMinutes'), String(chosen.tariff.graceMinutes)]]} />
          {failed !== null && <Trouble problem={failed} />}
          {chosen.state === 'coming' && <Button look="fault" busy={busy !== null} onClick={() => void run('deed', async () => { await atWork.takeBack(site.id, chosen.begins); setChosen(null); put((known) => ({ items: known.items.filter((each) => each.begins !== chosen.begins) })); })}>{t('console.takeBack')}</Button>}
        </SidePanel>
      )}
    </div>
  );
}

/** The first prices of a place have no beginning that anybody knows. */
function begun(dated: DatedTariff, timeZone: string): string {
  return Date.parse(dated.begins) === 0 ? t('console.fromStart') : fullDate(dated.begins, timeZone);
}

function amount(tariff: TariffRates, size: Size, rate: (typeof rates)[number]): string {
  const known = tariff.rates[size];
  return known === undefined ? '' : money({ minor: known[rate], currency: tariff.currency });
}

/** New prices begin from those that hold; what is not shown stays as it is. Amounts are typed as people say them. */
function PricesForm({ site, from, onDone }: { site: SiteAtWork; from: TariffRates; onDone: () => void }) {
  const { form, busy, problem, errors, submit } = useForm();
  const shown = sizes.filter((size) => from.rates[size] !== undefined);
  const [begins, setBegins] = useState('');
  const [amounts, setAmounts] = useState<Record<string, string>>(() => Object.fromEntries(shown.flatMap((size) => rates.map((rate) => [`${size}.${rate}`, typed({ minor: from.rates[size]?.[rate] ?? 0, currency: from.currency })]))));
  const [minutes, setMinutes] = useState({ freeMinutes: String(from.freeMinutes), graceMinutes: String(from.graceMinutes) });
  const deed = async (): Promise<void> => {
    const numbers: Record<string, number> = numbersOf({ ...amounts, ...minutes });
    const priced = Object.fromEntries(shown.map((size) => [size, Object.fromEntries(rates.map((rate) => [rate, minorOf(numbers[`${size}.${rate}`] ?? 0, from.currency)]))])) as TariffRates['rates'];
    await atWork.setTariff(site.id, instant(begins, site.timeZone), { ...from, rates: priced, freeMinutes: numbers.freeMinutes ?? 0, graceMinutes: numbers.graceMinutes ?? 0 });
    onDone();
  };
  return (
    <form ref={form} className="stack" noValidate onSubmit={submit(deed)}>
      <Field label={t('console.col.begins')} hint={t('console.beginsHint')} type="datetime-local" value={begins} errors={errors['begins']} onChange={(event) => setBegins(event.target.value)} />
      {shown.map((size) => (
        <fieldset key={size} className="console-rates">
          <legend>{sizeName(size)}, {from.currency}</legend>
          {rates.map((rate) => <Field key={rate} label={t(`console.rate.${rate}`)} inputMode="decimal" value={amounts[`${size}.${rate}`] ?? ''} errors={errors[`${size}.${rate}`]} onChange={(event) => setAmounts({ ...amounts, [`${size}.${rate}`]: event.target.value })} />)}
        </fieldset>
      ))}
      <Field label={t('console.freeMinutes')} inputMode="numeric" value={minutes.freeMinutes} errors={errors['freeMinutes']} onChange={(event) => setMinutes({ ...minutes, freeMinutes: event.target.value })} />
      <Field label={t('console.graceMinutes')} inputMode="numeric" value={minutes.graceMinutes} errors={errors['graceMinutes']} onChange={(event) => setMinutes({ ...minutes, graceMinutes: event.target.value })} />
      {problem !== null && ['begins', ...Object.keys(amounts), ...Object.keys(minutes)].every((field) => errors[field] === undefined) && <Trouble problem={problem} />}
      <Button type="submit" look="primary" busy={busy}>{t('console.setPrices')}</Button>
    </form>
  );
}
