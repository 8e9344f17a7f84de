import { BatteryMedium, BatteryWarning, Clock, Plug, Power, ShieldAlert, ShieldCheck, Unplug, Zap, ZapOff } from 'lucide-react';
import type { ReactNode } from 'react';
import type { DeviceDeed } from '../../api/endpoints';
import type { Cabinet } from '../../api/types';
import { Button } from '../../parts/Button';
import { Facts } from '../../parts/Facts';
import { t } from '../../text/t';
import './DevicePanel.css';

interface DevicePanelProps { cabinet: Cabinet; busy: string | null; onDeed: (deed: DeviceDeed) => void; onBattery: (percent: number) => void; onClock: (aheadS: number) => void }

const hour = 3600;

/** The faults that come from outside: the network, the mains, the locks' supply, the battery, the housing, the clock. */
export function DevicePanel({ cabinet, busy, onDeed, onBattery, onClock }: DevicePanelProps) {
  const deed = (what: DeviceDeed, icon: ReactNode, words: string): ReactNode => (
    <Button key={what} busy={busy === what} icon={icon} onClick={() => onDeed(what)}>{words}</Button>
  );
  const supply = { Present: t('demo.on'), Absent: t('demo.offWord'), Sagging: t('demo.sagging') }[cabinet.supply];
  const battery = cabinet.batteryPercent;
  return (
    <section className="panel device-panel" aria-labelledby="device-panel">
      <h2 id="device-panel">{t('demo.device')}</h2>
      <Facts rows={[
        [t('demo.network'), cabinet.networked ? t('demo.pluggedIn') : t('demo.unplugged')],
        [t('demo.link'), cabinet.connected ? t('bank.online') : t('bank.offline')],
        [t('demo.power'), cabinet.powered ? t('demo.on') : t('demo.offWord')],
        [t('demo.supply'), supply],
        [t('demo.battery'), battery === null ? t('demo.batteryNone') : `${battery} %`],
        [t('demo.housing'), cabinet.tampered ? t('demo.open') : t('demo.shut')],
        [t('demo.clock'), cabinet.clockOffsetS === 0 ? t('demo.clockRight') : ahead(cabinet.clockOffsetS)],
      ]} />
      <div className="door-deeds">
        {cabinet.networked ? deed('unplug', <Unplug size={18} aria-hidden="true" />, t('demo.unplug')) : deed('plug-in', <Plug size={18} aria-hidden="true" />, t('demo.plugIn'))}
        {deed(cabinet.powered ? 'power-off' : 'power-on', <Power size={18} aria-hidden="true" />, cabinet.powered ? t('demo.powerOff') : t('demo.powerOn'))}
        {cabinet.supply === 'Present' ? deed('supply-off', <ZapOff size={18} aria-hidden="true" />, t('demo.supplyOff')) : deed('supply-on', <Zap size={18} aria-hidden="true" />, t('demo.supplyOn'))}
        {deed('brown-out', <Zap size={18} aria-hidden="true" />, t('demo.brownOut'))}
        <Button busy={busy === 'battery'} icon={<BatteryWarning size={18} aria-hidden="true" />} onClick={() => onBattery(Math.max(0, (battery ?? 100) - 25))}>{t('demo.drain')}</Button>
        <Button busy={busy === 'battery'} icon={<BatteryMedium size={18} aria-hidden="true" />} onClick={() => onBattery(100)}>{t('demo.charge')}</Button>
        {cabinet.tampered ? deed('tamper-close', <ShieldCheck size={18} aria-hidden="true" />, t('demo.tamperClose')) : deed('tamper-open', <ShieldAlert size={18} aria-hidden="true" />, t('demo.tamperOpen'))}
        <Button busy={busy === 'clock'} icon={<Clock size={18} aria-hidden="true" />} onClick={() => onClock(cabinet.clockOffsetS === 0 ? -2 * hour : 0)}>
          {cabinet.clockOffsetS === 0 ? t('demo.clockBack') : t('demo.clockSet')}
        </Button>
      </div>
    </section>
  );
}

function ahead(seconds: number): string {
  const hours = Math.round(Math.abs(seconds) / 360) / 10;
  return seconds > 0 ? t('demo.clockAhead', { hours }) : t('demo.clockBehind', { hours });
}
