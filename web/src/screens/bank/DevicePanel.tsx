import { Plug, Power, Unplug } from 'lucide-react';
import type { DeviceDeed } from '../../api/endpoints';
import type { Cabinet } from '../../api/types';
import { Button } from '../../parts/Button';
import { Facts } from '../../parts/Facts';
import { t } from '../../text/t';
import './DevicePanel.css';

interface DevicePanelProps { cabinet: Cabinet; busy: string | null; onDeed: (deed: DeviceDeed) => void }

/** The faults that come from outside: the network and the mains. */
export function DevicePanel({ cabinet, busy, onDeed }: DevicePanelProps) {
  const network: DeviceDeed = cabinet.networked ? 'unplug' : 'plug-in';
  const power: DeviceDeed = cabinet.powered ? 'power-off' : 'power-on';
  return (
    <section className="panel device-panel" aria-labelledby="device-panel">
      <h2 id="device-panel">{t('demo.device')}</h2>
      <Facts rows={[
        [t('demo.network'), cabinet.networked ? t('demo.pluggedIn') : t('demo.unplugged')],
        [t('demo.power'), cabinet.powered ? t('demo.on') : t('demo.offWord')],
        [t('demo.link'), cabinet.connected ? t('bank.online') : t('bank.offline')],
      ]} />
      <div className="door-deeds">
        <Button busy={busy === network} icon={cabinet.networked ? <Unplug size={18} aria-hidden="true" /> : <Plug size={18} aria-hidden="true" />} onClick={() => onDeed(network)}>
          {cabinet.networked ? t('demo.unplug') : t('demo.plugIn')}
        </Button>
        <Button busy={busy === power} icon={<Power size={18} aria-hidden="true" />} onClick={() => onDeed(power)}>
          {cabinet.powered ? t('demo.powerOff') : t('demo.powerOn')}
        </Button>
      </div>
    </section>
  );
}
