import { useState } from 'react';
import { DoorOpen, Lock, LockOpen, TriangleAlert } from 'lucide-react';
import { api, type DeviceDeed, type DoorDeed } from '../../api/endpoints';
import type { BankAtSite, Cabinet, CabinetDoor } from '../../api/types';
import { useResource } from '../../api/useResource';
import { Link } from '../../app/Link';
import { Page } from '../../app/Page';
import { useLive } from '../../live/useLive';
import { BankOnline } from '../../parts/BankDoors';
import { CabinetFront, type FrontDoor } from '../../parts/CabinetFront';
import { Skeleton } from '../../parts/Skeleton';
import { Trouble } from '../../parts/Trouble';
import { useDemo } from '../../parts/useDemo';
import { useDeed } from '../../parts/useDeed';
import { t } from '../../text/t';
import { Missing } from '../missing/Missing';
import { DevicePanel } from './DevicePanel';
import { DoorPanel } from './DoorPanel';
import { MindPanel } from './MindPanel';
import { TerminalPanel } from './TerminalPanel';
import { useCabinet } from './useCabinet';
import './BankPage.css';

/** The virtual bank: a cabinet one can stand in front of without owning one. */
export function BankPage({ bankId }: { bankId: string }) {
  const demo = useDemo();
  const enabled = demo.data?.enabled === true;
  const bank = useResource(`bank/${bankId}`, (signal) => api.bank(bankId, signal));
  const cabinet = useCabinet(enabled ? bankId : null);
  const [picked, setPicked] = useState<number | null>(null);
  const { busy, problem, run } = useDeed<string>();
  useLive({ sites: bank.data === null ? [] : [bank.data.siteId] }, (heard) => {
    if (heard.event === 'resync' || (heard.event === 'bank' || heard.event === 'availability') && heard.bankId === bankId) bank.reload();
  });

  if (demo.data?.enabled === false) return <Missing what={t('demo.off')} />;
  if (bank.problem?.status === 404 || cabinet.problem?.status === 404) return <Missing what={t('missing.bank')} />;
  const trouble = demo.problem ?? bank.problem ?? cabinet.problem;
  if (bank.data === null || cabinet.data === null) {
    return <Page title={t('demo.title')} className="stack">{trouble === null ? <Skeleton rows={1} height={420} /> : <Trouble problem={trouble} />}</Page>;
  }

  const act = async (what: string, deed: () => Promise<Cabinet>): Promise<void> => {
    await run(what, async () => cabinet.put(await deed()));
  };
  const door = (number: number, deed: DoorDeed): void => void act(deed, () => api.door(bankId, number, deed));
  const device = (deed: DeviceDeed): void => void act(deed, () => api.device(bankId, deed));

  const said = problem ?? trouble;
  const locker = bank.data.lockers.find((each) => each.number === picked);
  const state = cabinet.data.doors.find((each) => each.number === picked);
  return (
    <Page title={bank.data.name} className="vbank">
      <div className="vbank-where">
        <p className="quiet">{t('demo.at')} <Link href={`/site/${bank.data.siteId}`}>{bank.data.site.name}</Link></p>
        <BankOnline online={bank.data.online} />
      </div>
      {said !== null && <Trouble problem={said} />}
      <section className="vbank-front" aria-labelledby="vbank-doors">
        <h2 id="vbank-doors" className="hidden">{t('site.doors')}</h2>
        {bank.data.mode === 'gate' ? <GateWays cabinet={cabinet.data} /> : <CabinetFront
          name={t('bank.doorsOf', { name: bank.data.name })} columns={bank.data.columns} doors={fronts(bank.data, cabinet.data, picked)}
          onDoor={(id) => {
            const number = bank.data?.lockers.find((each) => each.id === id)?.number;
            if (number === undefined) return;
            setPicked(number);
            // An open door is pushed shut by touching it, as in front of a real one.
            if (cabinet.data?.doors.find((each) => each.number === number)?.open) door(number, 'close');
          }}
        />}
        <p className="small quiet">{bank.data.mode === 'gate' ? t('gate.hint') : t('demo.hint')}</p>
      </section>
      <div className="vbank-terminal">
        <TerminalPanel bankId={bankId} gate={bank.data.mode === 'gate'} cabinet={cabinet.data} busy={busy} act={act} />
      </div>
      <aside className="vbank-hands" aria-label={t('demo.controls')}>
        {locker !== undefined && state !== undefined
          ? <DoorPanel locker={locker} door={state} busy={busy} onDeed={(deed) => door(locker.number, deed)} onClose={() => setPicked(null)} />
          : bank.data.mode !== 'gate' && <p className="vbank-none">{t('demo.pick')}</p>}
        <DevicePanel
          cabinet={cabinet.data} busy={busy} onDeed={device}
          onBattery={(percent) => void act('battery', () => api.battery(bankId, percent))} onClock={(aheadS) => void act('clock', () => api.clock(bankId, aheadS))}
        />
        <MindPanel bankId={bankId} />
      </aside>
    </Page>
  );
}

/** The two ways of a gate, which fall shut by themselves. */
function GateWays({ cabinet }: { cabinet: Cabinet }) {
  return (
    <div className="gate-ways">
      {[t('gate.wayIn'), t('gate.wayOut')].map((name, at) => {
        const open = cabinet.doors[at]?.open ?? false;
        return <div key={name} className="gate-way" data-open={open}>{open ? <DoorOpen size={32} aria-hidden="true" /> : <Lock size={32} aria-hidden="true" />}<strong>{name}</strong><span>{open ? t('gate.open') : t('gate.shut')}</span></div>;
      })}
    </div>
  );
}

function fronts({ lockers }: BankAtSite, { doors }: Cabinet, picked: number | null): FrontDoor[] {
  const byNumber = new Map(doors.map((door) => [door.number, door]));
  return lockers.map((locker) => {
    const { look, word, icon } = appearance(byNumber.get(locker.number));
    return {
      id: locker.id, label: locker.label, size: locker.size, column: locker.column, row: locker.row, rowSpan: locker.rowSpan,
      look, word, icon, open: byNumber.get(locker.number)?.open ?? false, selected: locker.number === picked,
      name: t('door.name', { label: locker.label, size: locker.size, state: word }),
    };
  });
}

function appearance(door: CabinetDoor | undefined): Pick<FrontDoor, 'look' | 'icon'> & { word: string } {
  if (door?.open) return { look: 'yours', word: t('demo.open'), icon: <DoorOpen aria-hidden="true" /> };
  if (door?.jammed) return { look: 'warn', word: t('demo.jammed'), icon: <TriangleAlert aria-hidden="true" /> };
  if (door?.relay) return { look: 'yours', word: t('demo.pulse'), icon: <LockOpen aria-hidden="true" /> };
  return { look: 'plain', word: t('demo.shut'), icon: <Lock aria-hidden="true" /> };
}
