import { useState } from 'react';
import { DoorClosed } from 'lucide-react';
import { atWork, type FloorBank, type FloorFacts, type FloorLocker, type SiteAtWork } from '../api/console';
import { useResource } from '../api/useResource';
import { Link } from '../app/Link';
import { keepQuery, useAddress } from '../app/router';
import { BankOnline } from '../parts/BankDoors';
import { Chips } from '../parts/Chips';
import { Pill } from '../parts/Pill';
import { Skeleton } from '../parts/Skeleton';
import { Trouble } from '../parts/Trouble';
import { useNow } from '../parts/useNow';
import { issueWords } from '../parts/issueWords';
import { type Plain, t, tn } from '../text/t';
import { Doors } from './Doors';
import { seen } from './doorState';
import { HistoryTable } from './HistoryTable';
import { LockerPanel } from './LockerPanel';
import { Heading } from './Heading';
import { consolePath } from './path';
import { useFloor } from './useFloor';

type Wanted = 'all' | 'attention' | 'free' | 'taken' | 'out';
const wanteds: Record<Wanted, Plain> = { all: 'console.show.all', attention: 'console.show.attention', free: 'console.show.free', taken: 'console.show.taken', out: 'console.show.out' };

/** Every locker of a site as it is now; the one that is chosen stands beside with its whole story. */
export function FloorPage({ site }: { site: SiteAtWork }) {
  const [turn, setTurn] = useState(0);
  const [wanted, setWanted] = useState<Wanted>('all');
  const { searchParams } = useAddress();
  const chosen = searchParams.get('locker');
  const choose = (lockerId: string | null): void => keepQuery({ locker: lockerId });
  const { data, problem, reload } = useFloor(site.id, () => setTurn((n) => n + 1));
  const recent = useResource(`floor-history/${site.id}/${turn}`, (signal) => atWork.history(site.id, { limit: 8 }, signal));
  const [lately, setLately] = useState(recent.data);
  if (recent.data !== null && recent.data !== lately) setLately(recent.data);
  const locker = data?.lockers.find((each) => each.id === chosen) ?? null;
  const shown = (each: FloorLocker): boolean => wanted === 'all' || each.id === chosen || (wanted === 'attention' ? seen(each).attention || each.door === 'open' : wanted === 'taken' ? each.lease !== null : each.state === wanted);
  return (
    <div className="console-split" data-open={locker !== null || undefined}>
      <div className="console-page">
        <Heading title={site.name}>{data !== null && <BankOnline online={together(data.banks)} />}</Heading>
        {problem !== null && <Trouble problem={problem} retry={reload} />}
        {data === null && problem === null && <Skeleton rows={4} height={96} />}
        {data?.facts != null && <Figures facts={data.facts} siteId={site.id} />}
        {data !== null && data.lockers.length === 0 && (
          <div className="empty"><DoorClosed size={32} aria-hidden="true" /><p className="empty-title">{t('console.floorNone')}</p><p className="quiet">{t('console.floorNoneText')}</p></div>
        )}
        {data !== null && data.lockers.length > 0 && (
          <>
            <Chips label={t('console.show')} value={wanted} onChoose={setWanted} chips={(Object.keys(wanteds) as Wanted[]).map((value) => ({ value, text: t(wanteds[value]) }))} />
            {data.banks.filter((bank) => bank.mode !== 'gate').map((bank) => {
              const doors = data.lockers.filter((each) => each.bankId === bank.id && shown(each));
              return doors.length === 0 && wanted !== 'all' ? null : (
                <section key={bank.id} className="console-bank" aria-labelledby={`bank-${bank.id}`}>
                  <BankHead bank={bank} lockers={data.lockers.filter((each) => each.bankId === bank.id)} />
                  <Doors name={t('bank.doorsOf', { name: bank.name })} lockers={doors} chosen={chosen} onChoose={choose} />
                </section>
              );
            })}
            {wanted !== 'all' && !data.lockers.some(shown) && <p className="quiet" role="status">{t('console.showNone')}</p>}
          </>
        )}
        {lately !== null && lately.items.length > 0 && (
          <section aria-labelledby="lately">
            <div className="console-bank-head"><h2 id="lately">{t('console.lately')}</h2><Link href={consolePath('history', site.id)}>{t('console.allHistory')}</Link></div>
            <HistoryTable items={lately.items} timeZone={site.timeZone} onOpen={(entry) => { if (entry.lockerId !== null) choose(entry.lockerId); }} />
          </section>
        )}
      </div>
      {locker !== null && data !== null && (
        <LockerPanel key={locker.id} siteId={site.id} timeZone={site.timeZone} locker={locker} bank={data.banks.find((bank) => bank.id === locker.bankId)} turn={turn} onDone={() => { reload(); setTurn((n) => n + 1); }} onClose={() => choose(null)} />
      )}
    </div>
  );
}

/** All of them in one word: one that is away counts first, and nobody vouches for one that was never heard of. */
function together(banks: FloorBank[]): boolean | null {
  if (banks.some((bank) => bank.online === false)) return false;
  return banks.length > 0 && banks.every((bank) => bank.online === true) ? true : null;
}

function BankHead({ bank, lockers }: { bank: FloorBank; lockers: FloorLocker[] }) {
  const taken = lockers.filter((each) => each.lease !== null).length;
  return (
    <div className="console-bank-head">
      <h2 id={`bank-${bank.id}`}>{bank.name}</h2>
      {bank.online === false && <BankOnline online={false} />}
      {bank.issue !== null && <Pill tone="fault" icon={<DoorClosed aria-hidden="true" />}>{issueWords(bank.issue)}</Pill>}
      <span className="quiet small num">{t('console.takenOf', { taken, all: lockers.length })}</span>
    </div>
  );
}

/** The four figures somebody at a desk is asked for. */
function Figures({ facts, siteId }: { facts: FloorFacts; siteId: string }) {
  const now = useNow(30_000);
  const minutes = facts.oldestAlert === null ? 0 : Math.max(0, Math.floor((now - Date.parse(facts.oldestAlert)) / 60_000));
  return (
    <dl className="figures">
      <div><dt>{t('console.taken')}</dt><dd><b className="num">{t('console.takenOf', { taken: facts.taken, all: facts.lockers })}</b><span>{facts.outOfService === 0 ? t('console.noneOut') : tn('console.outOf', facts.outOfService)}</span></dd></div>
      <div><dt>{facts.inside === null ? t('console.free') : t('console.inside')}</dt><dd><b className="num">{facts.inside ?? facts.lockers - facts.taken - facts.outOfService}</b><span>{facts.inside === null ? t('console.freeText') : t('console.insideText')}</span></dd></div>
      <div><dt>{t('console.openings')}</dt><dd><b className="num">{facts.openings}</b><span>{facts.notOpened === 0 ? t('console.allSeen') : tn('console.notSeen', facts.notOpened)}</span></dd></div>
      <div data-fault={facts.alerts > 0 || undefined}>
        <dt>{t('console.attention')}</dt>
        <dd><b className="num">{facts.alerts}</b><span>{facts.alerts === 0 ? t('console.attentionNone') : <Link href={consolePath('alerts', siteId)}>{minutes < 120 ? tn('console.oldestMinutes', minutes) : tn('console.oldestHours', Math.floor(minutes / 60))}</Link>}</span></dd>
      </div>
    </dl>
  );
}
