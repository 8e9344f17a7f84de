import { useRef, useState } from 'react';
import { DoorOpen } from 'lucide-react';
import { atWork, backReasons, type FloorBank, type FloorLocker, openReasons, outReasons, releaseReasons } from '../api/console';
import { Intent } from '../api/intent';
import type { Command } from '../api/types';
import { money } from '../format/money';
import { Button } from '../parts/Button';
import { Facts } from '../parts/Facts';
import { Pill } from '../parts/Pill';
import { Trouble } from '../parts/Trouble';
import { featureWords } from '../parts/featureWords';
import { sizeName } from '../parts/sizeWords';
import { useDeed } from '../parts/useDeed';
import { locale, t } from '../text/t';
import { seen } from './doorState';
import { ReasonForm } from './ReasonForm';
import { SidePanel } from './SidePanel';
import { moment, Story } from './Story';
import { word } from './words';

type Doing = 'open' | 'release' | 'service';
interface LockerPanelProps { siteId: string; timeZone: string; locker: FloorLocker; bank: FloorBank | undefined; turn: number; onDone: () => void; onClose: () => void }

/** One locker with all that can be done about it, each for a reason, and all that ever happened to it. */
export function LockerPanel({ siteId, timeZone, locker, bank, turn, onDone, onClose }: LockerPanelProps) {
  const [doing, setDoing] = useState<Doing | null>(null);
  const [said, setSaid] = useState<{ text: string; good: boolean } | null>(null);
  const { busy, problem, run, forget } = useDeed<Doing>();
  const opening = useRef(new Intent());
  const releasing = useRef(new Intent());
  const { label } = locker;
  const now = seen(locker);
  const out = locker.state === 'out';
  const choose = (what: Doing): void => { forget(); setSaid(null); setDoing(doing === what ? null : what); };
  const done = (text: string, good = true): void => { setSaid({ text, good }); setDoing(null); onDone(); };

  const open = (reason: string): Promise<boolean> => run('open', async () => {
    setSaid({ text: t('console.opening', { label }), good: true });
    try {
      const command = await opening.current.run((key) => atWork.open(locker.id, reason, key), reason);
      done(outcome(command, label), command.state === 'opened' || command.state === 'pulsed');
    } catch (error) {
      setSaid(null);
      throw error;
    }
  });
  const release = (reason: string): Promise<boolean> => run('release', async () => {
    const ended = await releasing.current.run((key) => atWork.release(locker.id, reason, key), reason);
    done(t('console.released', { label, amount: money(ended.charged) }));
  });
  const service = (reason: string): Promise<boolean> => run('service', async () => {
    await atWork.service(locker.id, out, reason);
    done(out ? t('console.backIn', { label }) : t('console.takenOut', { label }));
  });

  return (
    <SidePanel title={t('console.locker', { label })} onClose={onClose} beside={<Pill tone={now.tone} icon={<now.icon aria-hidden="true" />}>{t(now.text)}</Pill>}>
      <p className="console-panel-what">{holder(locker, timeZone)}</p>
      <div className="console-deeds">
        <Button look="primary" aria-expanded={doing === 'open'} icon={<DoorOpen size={18} aria-hidden="true" />} onClick={() => choose('open')}>{t('console.open', { label })}</Button>
        <Button aria-expanded={doing === 'release'} disabled={locker.lease === null || locker.lease.state === 'held' || locker.lease.kind === 'reopen'} onClick={() => choose('release')}>{t('console.release')}</Button>
        <Button aria-expanded={doing === 'service'} onClick={() => choose('service')}>{out ? t('console.putBack') : t('console.takeOut')}</Button>
      </div>
      {doing === 'open' && <ReasonForm key="open" label={t('console.whyOpen')} reasons={openReasons} deed={t('console.open', { label })} busy={busy === 'open'} onDeed={open} onClose={() => setDoing(null)} />}
      {doing === 'release' && <ReasonForm key="release" label={t('console.whyRelease')} hint={t('console.releaseHint')} reasons={releaseReasons} deed={t('console.releaseDeed', { label })} busy={busy === 'release'} onDeed={release} onClose={() => setDoing(null)} />}
      {doing === 'service' && <ReasonForm key="service" label={out ? t('console.whyBack') : t('console.whyOut')} reasons={out ? backReasons : outReasons} deed={out ? t('console.putBack') : t('console.takeOut')} busy={busy === 'service'} onDeed={service} onClose={() => setDoing(null)} />}
      {problem !== null && <Trouble problem={problem} />}
      <p role="status" className="console-said" data-good={said?.good}>{said?.text}</p>
      <Story siteId={siteId} lockerId={locker.id} timeZone={timeZone} turn={turn} />
      <Facts rows={[
        [t('console.col.bank'), bank?.name ?? ''], [t('console.doorNumber'), String(locker.number)], [t('console.doorIs'), t(`console.doorState.${locker.door}`)],
        [t('console.insideIt'), locker.occupied === null ? t('console.unknown') : locker.occupied ? t('console.something') : t('console.nothing')],
      ]} />
    </SidePanel>
  );
}

/** "Medium, reachable. Card …20A9 since 13:05." */
function holder(locker: FloorLocker, timeZone: string): string {
  const kind = [sizeName(locker.size), ...locker.features.map((each) => featureWords(each).name.toLocaleLowerCase(locale()))].join(', ');
  const { lease } = locker;
  if (lease === null) return `${kind}. ${locker.state === 'out' ? t('console.nobodyOut') : t('console.nobody')}`;
  const who = lease.kind === 'visit' ? t('console.card', { end: lease.number ?? '' }) : lease.holder ?? (lease.number === null ? null : t('console.phone', { end: lease.number }));
  const since = moment(lease.since, timeZone);
  return [
    `${kind}. ${who === null ? t(`console.kind.${lease.kind}`) : `${t(`console.kind.${lease.kind}`)}, ${who}`}, ${t('console.since', { time: since })}.`,
    lease.until === null ? '' : t(lease.state === 'held' ? 'console.heldUntil' : 'console.paidUntil', { time: moment(lease.until, timeZone) }),
    lease.called === null ? '' : t('console.calledFor', { why: word('reason', lease.called) }),
  ].filter((part) => part !== '').join(' ');
}

/** What is known of the door, and nothing that is only hoped. */
function outcome(command: Command, label: string): string {
  switch (command.state) {
    case 'opened': return t('console.done.opened', { label });
    case 'pulsed': case 'unlocked': return t('console.done.pulsed', { label });
    case 'not-opened': return t('console.done.not-opened', { label });
    case 'refused': return t('console.done.refused', { reason: word('reason', command.reason ?? 'other') });
    case 'pending': case 'sent': return t('console.done.pending', { label });
    default: return t('console.done.unknown', { label });
  }
}
