import { useRef } from 'react';
import { KeyRound, X } from 'lucide-react';
import { api } from '../../api/endpoints';
import { Intent } from '../../api/intent';
import type { HoldRequest, Site } from '../../api/types';
import { go, keepQuery } from '../../app/router';
import { Button } from '../../parts/Button';
import { sizeName } from '../../parts/sizeWords';
import { Trouble } from '../../parts/Trouble';
import { useDeed } from '../../parts/useDeed';
import { usePerson } from '../../session/useSession';
import { t } from '../../text/t';
import { type Choice, freeBySize, outlook } from './choice';
import { FeatureSwitches } from './FeatureSwitches';
import { HoursChoice } from './HoursChoice';
import { PricePanel } from './PricePanel';
import { SizeChoice } from './SizeChoice';
import './Booking.css';

interface BookingProps { site: Site; choice: Choice; onStale: () => void }

/** Size, hours, price and the one button. */
export function Booking({ site, choice, onStale }: BookingProps) {
  const person = usePerson();
  const { busy, problem, run } = useDeed();
  const intent = useRef(new Intent());
  const { size, hours, features, lockerId } = choice;
  const now = outlook(site, choice);
  const label = site.banks.flatMap((bank) => bank.lockers).find((locker) => locker.id === lockerId)?.label;

  const hold = async (): Promise<void> => {
    if (size === null) return;
    if (person === null) return go(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
    const body: HoldRequest = { size, hours, ...(features.length > 0 ? { features } : {}), ...(lockerId === null ? {} : { lockerId }) };
    const held = await run('deed', async () => {
      const lease = await intent.current.run((key) => api.hold(site.id, body, key), JSON.stringify(body));
      go(`/lease/${lease.id}`);
    });
    if (!held) onStale();
  };

  return (
    <section className="booking panel" aria-labelledby="booking">
      <h2 id="booking">{t('book.title')}</h2>
      <SizeChoice site={site} free={freeBySize(site, features)} value={size} onChoose={(value) => keepQuery({ size: value, locker: null })} />
      {label !== undefined && (
        <p className="booking-locker">
          <KeyRound size={18} aria-hidden="true" />
          <span>{t('book.thisLocker', { label })}</span>
          <button type="button" onClick={() => keepQuery({ locker: null })} aria-label={t('book.anyLocker')}><X size={18} aria-hidden="true" /></button>
        </p>
      )}
      <FeatureSwitches site={site} wanted={features} onChoose={(wanted) => keepQuery({ features: wanted.join(), locker: null })} />
      <HoursChoice value={hours} onChoose={(value) => keepQuery({ hours: String(value) })} />
      {size !== null && <PricePanel site={site} size={size} hours={hours} />}
      {now.kind === 'larger' && size !== null && <p className="booking-note">{t('book.larger', { size: sizeName(size), larger: sizeName(now.size) })}</p>}
      {now.kind === 'none' && <p className="booking-note" role="status">{features.length === 0 ? t('book.none') : features.join() === 'reachable' ? t('book.noneReachable') : t('find.noneSuch')}</p>}
      {now.kind === 'taken' && <p className="booking-note" role="status">{t('book.justTaken', { label: label ?? '' })}</p>}
      {!site.openNow && <p className="booking-note">{t('book.closedNow')}</p>}
      {problem !== null && <Trouble problem={problem} />}
      <div className="booking-action">
        <Button look="primary" wide busy={busy !== null} disabled={now.kind === 'none' || now.kind === 'taken'} onClick={() => void hold()}>
          {label === undefined ? t('book.hold') : t('book.holdThis', { label })}
        </Button>
        <p className="small quiet">{person === null ? t('book.signInFirst') : t('book.nothingYet')}</p>
      </div>
    </section>
  );
}
