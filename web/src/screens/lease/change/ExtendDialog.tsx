import { useState } from 'react';
import { CalendarClock } from 'lucide-react';
import { changes } from '../../../api/changes';
import type { Lease } from '../../../api/types';
import { useResource } from '../../../api/useResource';
import { money } from '../../../format/money';
import { clock, day } from '../../../format/time';
import { Button } from '../../../parts/Button';
import { Chips } from '../../../parts/Chips';
import { Facts } from '../../../parts/Facts';
import { Skeleton } from '../../../parts/Skeleton';
import { Trouble } from '../../../parts/Trouble';
import { t, tn } from '../../../text/t';
import { Sheet } from '../pass/Sheet';
import { usePaying } from './usePaying';
import './Change.css';

/** More time: until when, what it costs, and then the payment. Never a surprise after the button. */
export function ExtendDialog({ lease, reload, onClose }: { lease: Lease; reload: () => void; onClose: () => void }) {
  const { data, problem, reload: again } = useResource(`extensions/${lease.id}`, (signal) => changes.extensions(lease.id, signal));
  const [chosen, setChosen] = useState<number | null>(null);
  const option = data?.items.find((each) => each.hours === chosen) ?? data?.items[0] ?? null;
  const paying = usePaying((key) => changes.extend(lease.id, option?.hours ?? 1, key), () => { reload(); onClose(); });
  const { timeZone } = lease.site;
  return (
    <Sheet title={t('extend.title', { label: lease.locker.label })} onClose={onClose} done={t('action.notNow')}>
      {data === null && (problem === null ? <Skeleton rows={2} height={72} /> : <Trouble problem={problem} retry={again} />)}
      {data !== null && option === null && <p>{t('extend.over')}</p>}
      {data !== null && option !== null && (
        <div className="change">
          <Chips label={t('extend.by')} value={option.hours} onChoose={(hours) => { setChosen(hours); paying.anew(); }} chips={data.items.map((each) => ({ value: each.hours, text: tn('book.nHours', each.hours) }))} />
          <Facts rows={[
            [t('extend.until'), day(option.until, timeZone)],
            [t('extend.price'), money(option.price)],
            ...(lease.tariff.billing === 'running' ? [[t('extend.used'), <span key="used" className="long">{t('extend.usedText')}</span>] as [string, React.ReactNode]] : []),
          ]} />
          <p className="small quiet">{t('extend.follow')}{data.possible === null ? '' : ` ${t('extend.possible', { time: clock(data.possible, timeZone) })}`}</p>
          {paying.problem !== null && <Trouble problem={paying.problem} />}
          <Button look="primary" wide busy={paying.busy} icon={<CalendarClock size={20} aria-hidden="true" />} onClick={paying.pay}>
            {option.amount.minor === 0 ? t('extend.deedFree', { hours: tn('book.nHours', option.hours) }) : t('extend.deed', { hours: tn('book.nHours', option.hours), price: money(option.amount) })}
          </Button>
        </div>
      )}
    </Sheet>
  );
}
