import { useState } from 'react';
import { CircleCheck, CloudOff, CreditCard, Hash, QrCode as QrIcon, Smartphone } from 'lucide-react';
import { api } from '../../../api/endpoints';
import type { NewPin } from '../../../api/types';
import { Button } from '../../../parts/Button';
import { Trouble } from '../../../parts/Trouble';
import { useDeed } from '../../../parts/useDeed';
import { t } from '../../../text/t';
import { CardDialog } from './CardDialog';
import { PassDialog } from './PassDialog';
import { PhoneDialog } from './PhoneDialog';
import { PinDialog } from './PinDialog';
import './PassPanel.css';
import { passWords } from './passWords';
import type { PassFor } from './useKeptPass';

/** The other ways into the locker: a code to show, a number to type, this phone held to the reader. None of them needs a network at the door. */
export function PassPanel({ lease, reload }: { lease: PassFor; reload: () => void }) {
  const [shown, setShown] = useState<'pass' | 'phone' | 'card' | NewPin | null>(null);
  const { busy, problem, run } = useDeed();
  const pin = (): void => void run('deed', async () => {
    setShown(await api.pin(lease.id));
    reload();
  });
  const { ready } = lease.offline;
  return (
    <section className="panel pass-panel" aria-labelledby="pass-panel">
      <h2 id="pass-panel">{t('pass.title')}</h2>
      <p className="pass-ready" data-ready={ready}>
        {ready ? <CircleCheck size={20} aria-hidden="true" /> : <CloudOff size={20} aria-hidden="true" />}
        <span>{ready ? passWords(lease).ready : passWords(lease).notReady}</span>
      </p>
      <div className="pass-ways">
        <Button wide icon={<QrIcon size={20} aria-hidden="true" />} onClick={() => setShown('pass')}>{t('pass.show')}</Button>
        <Button wide busy={busy !== null} icon={<Hash size={20} aria-hidden="true" />} onClick={pin}>{lease.offline.pinSetAt === null ? t('pass.pin') : t('pass.pinNew')}</Button>
        <Button wide icon={<Smartphone size={20} aria-hidden="true" />} onClick={() => setShown('phone')}>{t('pass.phone')}</Button>
        <Button wide icon={<CreditCard size={20} aria-hidden="true" />} onClick={() => setShown('card')}>{t('pass.card')}</Button>
      </div>
      {problem !== null && <Trouble problem={problem} />}
      {shown === 'pass' && <PassDialog lease={lease} onClose={() => setShown(null)} />}
      {shown === 'card' && <CardDialog lease={lease} reload={reload} onClose={() => setShown(null)} />}
      {shown === 'phone' && <PhoneDialog lease={lease} onClose={() => setShown(null)} />}
      {shown !== null && typeof shown === 'object' && <PinDialog pin={shown} onClose={() => setShown(null)} />}
    </section>
  );
}
