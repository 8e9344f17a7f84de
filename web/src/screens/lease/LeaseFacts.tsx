import type { ReactNode } from 'react';
import type { Lease } from '../../api/types';
import { after } from '../../format/after';
import { money } from '../../format/money';
import { clock, day } from '../../format/time';
import { Facts } from '../../parts/Facts';
import { sizeName } from '../../parts/sizeWords';
import { t } from '../../text/t';

/** Money and time of a running rental, always together. */
export function LeaseFacts({ lease }: { lease: Lease }) {
  const { tariff, sizePriced, paidUntil, site: { timeZone } } = lease;
  const price = tariff.perHour[sizePriced];
  const rows: [string, ReactNode][] = [];
  if (paidUntil !== null) rows.push([t('facts.paidUntil'), day(paidUntil, timeZone)]);
  if (price !== undefined) rows.push([t('facts.price'), t('facts.perHour', { price: money(price) })]);
  rows.push([t('facts.soFar'), money(lease.soFar)]);
  if (lease.locker.size !== sizePriced) rows.push([t('facts.larger'), t('facts.largerText', { real: sizeName(lease.locker.size), priced: sizeName(sizePriced) })]);
  if (paidUntil !== null) rows.push([t('facts.after', { time: clock(paidUntil, timeZone) }), <span key="after" className="long">{after(tariff, sizePriced)}</span>]);
  return <div className="panel"><Facts rows={rows} /></div>;
}
