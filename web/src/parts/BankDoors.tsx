import { Check, Lock, Wifi, WifiOff, Wrench } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Bank, Locker } from '../api/types';
import { t } from '../text/t';
import { CabinetFront, type FrontDoor } from './CabinetFront';
import { Pill } from './Pill';
import './BankDoors.css';

interface BankDoorsProps { bank: Bank; beside?: ReactNode; chosen: string | null; onLocker: (locker: Locker) => void }

const looks = {
  free: { look: 'free', icon: Check },
  taken: { look: 'taken', icon: Lock },
  'out-of-service': { look: 'out', icon: Wrench },
} as const;

/** One bank as it stands there, each door with its state; free ones can be picked. */
export function BankDoors({ bank, beside, chosen, onLocker }: BankDoorsProps) {
  const words = { free: t('door.free'), taken: t('door.taken'), 'out-of-service': t('door.outShort') };
  const doors = bank.lockers.map((locker): FrontDoor => {
    const { look, icon: Icon } = looks[locker.availability];
    const mine = locker.id === chosen && locker.availability === 'free';
    return {
      ...locker, look: mine ? 'yours' : look, selected: locker.id === chosen, disabled: locker.availability !== 'free',
      icon: <Icon aria-hidden="true" />, word: mine ? t('door.chosen') : words[locker.availability],
      name: t('door.name', { label: locker.label, size: locker.size, state: mine ? t('door.chosen') : words[locker.availability] }),
    };
  });
  return (
    <section className="bank-doors" aria-labelledby={`bank-${bank.id}`}>
      <div className="bank-doors-head">
        <h3 id={`bank-${bank.id}`}>{bank.name}</h3>
        <BankOnline online={bank.online} />
      </div>
      <CabinetFront
        name={t('bank.doorsOf', { name: bank.name })} columns={bank.columns} doors={doors}
        onDoor={(lockerId) => {
          const locker = bank.lockers.find((each) => each.id === lockerId);
          if (locker !== undefined) onLocker(locker);
        }}
      />
      {beside}
    </section>
  );
}

export function BankOnline({ online }: { online: boolean | null }) {
  if (online === null) return null;
  return online
    ? <Pill tone="free" icon={<Wifi aria-hidden="true" />}>{t('bank.online')}</Pill>
    : <Pill tone="warn" icon={<WifiOff aria-hidden="true" />}>{t('bank.offline')}</Pill>;
}
