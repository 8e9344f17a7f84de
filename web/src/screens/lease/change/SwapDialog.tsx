import { useState } from 'react';
import { Maximize2, TriangleAlert } from 'lucide-react';
import { changes } from '../../../api/changes';
import type { Lease, Size } from '../../../api/types';
import { useResource } from '../../../api/useResource';
import { money } from '../../../format/money';
import { Button } from '../../../parts/Button';
import { Chips } from '../../../parts/Chips';
import { Facts } from '../../../parts/Facts';
import { sizeName } from '../../../parts/sizeWords';
import { Skeleton } from '../../../parts/Skeleton';
import { Trouble } from '../../../parts/Trouble';
import { t } from '../../../text/t';
import { Sheet } from '../pass/Sheet';
import { usePaying } from './usePaying';
import './Change.css';

/** A larger locker: which one it would be and what it costs; the old one is emptied and shut first. */
export function SwapDialog({ lease, reload, onClose }: { lease: Lease; reload: () => void; onClose: () => void }) {
  const { data, problem, reload: again } = useResource(`swap/${lease.id}/${lease.door.state}/${lease.door.occupied ?? ''}`, (signal) => changes.swaps(lease.id, signal));
  const [chosen, setChosen] = useState<Size | null>(null);
  const option = data?.items.find((each) => each.size === chosen) ?? data?.items[0] ?? null;
  const paying = usePaying((key) => changes.swap(lease.id, option?.size ?? 'XL', key), () => { reload(); onClose(); });
  const { label } = lease.locker;
  return (
    <Sheet title={t('swap.title')} onClose={onClose} done={t('action.notNow')}>
      {data === null && (problem === null ? <Skeleton rows={2} height={72} /> : <Trouble problem={problem} retry={again} />)}
      {data !== null && option === null && <p>{t('swap.none')}</p>}
      {data !== null && option !== null && (
        <div className="change">
          <Chips label={t('swap.size')} value={option.size} onChoose={(size) => { setChosen(size); paying.anew(); }} chips={data.items.map((each) => ({ value: each.size, text: sizeName(each.size) }))} />
          <Facts rows={[[t('swap.locker'), `${option.locker}, ${option.bank}`], [t('swap.price'), money(option.price)]]} />
          {data.wait !== null
            ? <p className="change-wait" role="status"><TriangleAlert size={20} aria-hidden="true" /><span>{data.wait === 'door-open' ? t('swap.waitOpen', { label }) : data.wait === 'not-empty' ? t('swap.waitInside', { label }) : data.wait === 'door-stuck' ? t('swap.waitStuck', { label }) : t('swap.waitMoment', { label })}</span></p>
            : <p>{t('swap.empty', { label })}</p>}
          <p className="small quiet">{t('swap.follow')}</p>
          {paying.problem !== null && <Trouble problem={paying.problem} />}
          <Button look="primary" wide busy={paying.busy} disabled={data.wait !== null} icon={<Maximize2 size={20} aria-hidden="true" />} onClick={paying.pay}>
            {option.amount.minor === 0 ? t('swap.deedFree', { label }) : t('swap.deed', { label, price: money(option.amount) })}
          </Button>
        </div>
      )}
    </Sheet>
  );
}
