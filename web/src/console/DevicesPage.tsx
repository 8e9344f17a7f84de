import { useState } from 'react';
import { Wifi, WifiOff } from 'lucide-react';
import { atWork, type Claim, type DeviceAtWork } from '../api/console';
import { useResource } from '../api/useResource';
import { dateTime, zoneHere } from '../format/time';
import { useLive } from '../live/useLive';
import { ButtonLink } from '../parts/Button';
import { Chips } from '../parts/Chips';
import { Facts } from '../parts/Facts';
import { issueWords } from '../parts/issueWords';
import { Pill } from '../parts/Pill';
import { Skeleton } from '../parts/Skeleton';
import { Trouble } from '../parts/Trouble';
import { t } from '../text/t';
import { ClaimPanel, NewClaim } from './ClaimPanel';
import { Heading } from './Heading';
import { consolePath } from './path';
import { SidePanel } from './SidePanel';
import { type Work, zoneOf } from './sites';
import { moment } from './Story';
import { Table } from './Table';

/** The hardware in the field: whether it is there, what it runs, and what is wrong with it. */
export function DevicesPage({ admin, work }: { admin: boolean; work: Work }) {
  const { data, problem, reload } = useResource('devices', (signal) => atWork.devices(signal));
  const claims = useResource(admin ? 'devices/claims' : null, (signal) => atWork.claims(signal));
  const [which, setWhich] = useState<'all' | 'wrong'>('all');
  const [chosen, setChosen] = useState<string | null>(null);
  const [claim, setClaim] = useState<string | null>(null);
  const [said, setSaid] = useState('');
  const sites = [...new Set(data?.items.flatMap((device) => (device.siteId === null ? [] : [device.siteId])) ?? [])].slice(0, 50);
  useLive({ floors: sites }, (heard) => {
    const what = heard.event === 'floor' ? heard.what : '';
    if (heard.event === 'resync' || what.startsWith('device-')) reload();
    if (heard.event === 'resync' || what.startsWith('claim-') || what === 'device-claimed') claims.reload();
  });
  // Of each device the time on the wall beside it, like everywhere in the console.
  const zone = (device: DeviceAtWork): string => zoneOf(work, device.siteId);
  const wrong = (device: DeviceAtWork): boolean => device.online === false || device.issue !== null || device.warning !== null;
  const items = data?.items.filter((device) => (admin || device.model !== 'none') && (which === 'all' || wrong(device))) ?? [];
  const shown = data?.items.find((device) => device.id === chosen) ?? null;
  const waiting = claims.data?.items.filter((claim) => claim.state === 'open' || claim.state === 'waiting') ?? [];
  const asked = waiting.find((each) => each.id === claim) ?? null;
  return (
    <div className="console-split" data-open={shown !== null || asked !== null || undefined}>
      <div className="console-page">
        <Heading title={t('console.devices')} />
        <Chips label={t('console.show')} value={which} onChoose={setWhich} chips={[{ value: 'all', text: t('console.show.all') }, { value: 'wrong', text: t('console.show.attention') }]} />
        <p role="status" className="small">{said}</p>
        {problem !== null && <Trouble problem={problem} retry={reload} />}
        {data === null && problem === null && <Skeleton rows={5} height={36} />}
        {data !== null && items.length === 0 && <div className="empty"><Wifi size={32} aria-hidden="true" /><p className="empty-title">{which === 'all' ? t('console.devicesNone') : t('console.devicesFine')}</p><p className="quiet">{t('console.devicesNoneText')}</p></div>}
        {items.length > 0 && (
          <Table
            label={t('console.devices')} rows={items} keyOf={(device) => device.id} chosen={chosen} onOpen={(device) => { setClaim(null); setChosen(device.id); }}
            columns={[
              { name: t('console.col.bank'), wide: true, show: (device) => <><strong>{device.bank ?? t('console.noBank')}</strong> <span className="quiet">{device.site}</span></> },
              { name: t('console.col.presence'), show: (device) => <Presence device={device} /> },
              { name: t('console.col.lastSeen'), number: true, show: (device) => (device.lastSeen === null ? '' : moment(device.lastSeen, zone(device))) },
              { name: t('console.col.firmware'), show: (device) => <span className="num">{device.firmware ?? ''}</span> },
              { name: t('console.col.battery'), number: true, show: (device) => (device.battery === null ? '' : `${device.battery} %`) },
              { name: t('console.col.faults'), wide: true, show: (device) => <span className="console-fault">{faults(device)}</span> },
            ]}
          />
        )}
        {waiting.length > 0 && (
          <section aria-labelledby="claims">
            <div className="console-bank-head"><h2 id="claims">{t('console.claims')}</h2></div>
            <Table
              label={t('console.claims')} rows={waiting} keyOf={(claim) => claim.id} chosen={claim} onOpen={(each) => { setChosen(null); setSaid(''); setClaim(each.id); }}
              columns={[
                { name: t('console.col.bank'), show: (claim) => <strong>{bankOf(claim, data?.items ?? [])}</strong> },
                { name: t('console.col.state'), show: (claim) => t(claim.state === 'waiting' ? 'console.claimWaiting' : 'console.claimOpen') },
                { name: t('console.col.fingerprint'), number: true, show: (claim) => claim.fingerprint ?? '' },
                { name: t('console.col.until'), number: true, show: (claim) => dateTime(claim.expiresAt, zoneHere()) },
              ]}
            />
          </section>
        )}
      </div>
      {asked !== null && (
        <SidePanel key={asked.id} title={bankOf(asked, data?.items ?? [])} onClose={() => setClaim(null)}>
          <ClaimPanel claim={asked} onDone={(words) => { setClaim(null); setSaid(words); claims.reload(); reload(); }} />
        </SidePanel>
      )}
      {shown !== null && asked === null && (
        <SidePanel key={shown.id} title={shown.bank ?? t('console.noBank')} beside={<Presence device={shown} />} onClose={() => setChosen(null)}>
          {faults(shown) !== '' && <p className="console-fault">{faults(shown)}</p>}
          <Facts rows={[
            [t('console.col.site'), shown.site ?? ''], [t('console.col.model'), shown.model], [t('console.col.firmware'), shown.firmware ?? ''],
            [t('console.col.lastSeen'), shown.lastSeen === null ? t('console.never') : dateTime(shown.lastSeen, zone(shown))], [t('console.col.battery'), shown.battery === null ? t('console.noBattery') : `${shown.battery} %`],
            [t('console.claimed'), shown.claimedAt === null ? t('console.enrolled') : dateTime(shown.claimedAt, zone(shown))],
            [t('console.certificate'), shown.certificateEndsAt === null ? t('console.none') : dateTime(shown.certificateEndsAt, zone(shown))],
          ]} />
          {admin && shown.bankId !== null && <NewClaim bankId={shown.bankId} onDone={claims.reload} />}
          {shown.siteId !== null && !shown.owned && <ButtonLink href={consolePath('floor', shown.siteId)}>{t('console.toFloor')}</ButtonLink>}
        </SidePanel>
      )}
    </div>
  );
}

function bankOf(claim: Claim, devices: DeviceAtWork[]): string {
  return devices.find((device) => device.bankId === claim.bankId)?.bank ?? claim.bankId.slice(-6);
}

function faults(device: DeviceAtWork): string {
  return [device.issue === null ? '' : issueWords(device.issue), device.warning === null ? '' : t('console.certificateEnds')].filter((part) => part !== '').join(', ');
}

function Presence({ device }: { device: DeviceAtWork }) {
  if (device.model === 'none') return <span className="quiet">{t('console.noDevice')}</span>;
  if (device.online === null) return <span className="quiet">{t('console.never')}</span>;
  return device.online
    ? <Pill tone="free" icon={<Wifi aria-hidden="true" />}>{t('bank.online')}</Pill>
    : <Pill tone="warn" icon={<WifiOff aria-hidden="true" />}>{t('bank.offline')}</Pill>;
}
