import { Hammer, Lock, PackageMinus, PackagePlus, TriangleAlert, Wrench, X } from 'lucide-react';
import type { DoorDeed } from '../../api/endpoints';
import type { CabinetDoor, Locker } from '../../api/types';
import { Button } from '../../parts/Button';
import { Facts } from '../../parts/Facts';
import { sizeName } from '../../parts/sizeWords';
import { t } from '../../text/t';
import './DoorPanel.css';

interface DoorPanelProps { locker: Locker; door: CabinetDoor; busy: string | null; onDeed: (deed: DoorDeed) => void; onClose: () => void }

/** One door's story and the things a hand, a crowbar or a stuck bag may do to it. */
export function DoorPanel({ locker, door, busy, onDeed, onClose }: DoorPanelProps) {
  const availability = { free: t('door.free'), taken: t('door.taken'), 'out-of-service': t('door.out') }[locker.availability];
  return (
    <section className="panel door-panel" aria-labelledby="door-panel">
      <div className="door-panel-head">
        <h2 id="door-panel">{t('demo.door', { label: locker.label })}</h2>
        <button type="button" aria-label={t('action.close')} onClick={onClose}><X size={20} aria-hidden="true" /></button>
      </div>
      <Facts rows={[
        [t('demo.doorIs'), door.open ? t('door.open') : door.jammed ? t('door.jammed') : t('door.closed')],
        [t('demo.locker'), t('demo.lockerText', { size: sizeName(locker.size), availability })],
        [t('demo.inside'), door.occupied ? t('demo.insideSome') : t('demo.insideNone')],
        ...(door.bolted === null ? [] : [[t('demo.bolt'), door.bolted ? t('demo.boltOut') : t('demo.boltBack')] as [string, string]]),
        [t('demo.pulses'), door.pulses],
      ]} />
      <div className="door-deeds">
        {door.open
          ? <Button look="primary" busy={busy === 'close'} icon={<Lock size={18} aria-hidden="true" />} onClick={() => onDeed('close')}>{t('demo.close')}</Button>
          : <Button busy={busy === 'force'} icon={<Hammer size={18} aria-hidden="true" />} onClick={() => onDeed('force')}>{t('demo.force')}</Button>}
        {door.jammed
          ? <Button busy={busy === 'free'} icon={<Wrench size={18} aria-hidden="true" />} onClick={() => onDeed('free')}>{t('demo.free')}</Button>
          : <Button busy={busy === 'jam'} icon={<TriangleAlert size={18} aria-hidden="true" />} onClick={() => onDeed('jam')}>{t('demo.jam')}</Button>}
        {door.occupied
          ? <Button disabled={!door.open} busy={busy === 'take-out'} icon={<PackageMinus size={18} aria-hidden="true" />} onClick={() => onDeed('take-out')}>{t('demo.takeOut')}</Button>
          : <Button disabled={!door.open} busy={busy === 'put-in'} icon={<PackagePlus size={18} aria-hidden="true" />} onClick={() => onDeed('put-in')}>{t('demo.putIn')}</Button>}
        {door.bolted !== null && !door.open && <Button busy={busy === 'pull'} onClick={() => onDeed('pull')}>{t('demo.pull')}</Button>}
      </div>
    </section>
  );
}
