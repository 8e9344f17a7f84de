import { useState } from 'react';
import { BellRing, CircleCheck, UserRoundCheck } from 'lucide-react';
import { type Alert, atWork } from '../api/console';
import { useLive } from '../live/useLive';
import { Button, ButtonLink } from '../parts/Button';
import { Chips } from '../parts/Chips';
import { More } from '../parts/More';
import { Pill } from '../parts/Pill';
import { Skeleton } from '../parts/Skeleton';
import { Trouble } from '../parts/Trouble';
import { useDeed } from '../parts/useDeed';
import { usePages } from '../parts/usePages';
import { t } from '../text/t';
import { Heading } from './Heading';
import { consolePath } from './path';
import { SidePanel } from './SidePanel';
import { floorsOf, type Work, zoneOf } from './sites';
import { moment } from './Story';
import { Table } from './Table';
import { alertDetail, alertWords, place } from './words';

/** What somebody must act on, at all of one's sites; who looks after it, and what is done. */
export function AlertsPage({ work }: { work: Work }) {
  const [which, setWhich] = useState<'open' | 'resolved'>('open');
  const pages = usePages(`alerts/${which}`, {
    keyOf: (alert: Alert) => alert.id, shifting: true,
    read: (cursor, signal) => atWork.alerts({ resolved: which === 'resolved', ...(cursor === undefined ? {} : { cursor }) }, signal),
  });
  const { first: data, items, problem, reload } = pages;
  const [chosen, setChosen] = useState<Alert | null>(null);
  const [said, setSaid] = useState('');
  const { busy, problem: failed, run } = useDeed<string>();
  useLive({ floors: floorsOf(work) }, (heard) => {
    if (heard.event === 'resync' || (heard.event === 'floor' && heard.what.startsWith('alert-'))) reload();
  });
  const zone = (alert: Alert): string => zoneOf(work, alert.siteId);
  const shown = items.find((each) => each.id === chosen?.id) ?? chosen;
  const act = (alert: Alert, what: 'acknowledge' | 'resolve'): void => void run(what, async () => {
    const now = await atWork[what](alert.id);
    setChosen(now);
    setSaid(t(what === 'resolve' ? 'console.alertDone' : 'console.alertYours', { what: t(alertWords[alert.kind]) }));
    reload();
    work.reload();
  });
  return (
    <div className="console-split" data-open={shown !== null || undefined}>
      <div className="console-page">
        <Heading title={t('console.alerts')}>{data !== null && data.open > 0 && <Pill tone="fault" icon={<BellRing aria-hidden="true" />}>{t('console.openOf', { n: data.open })}</Pill>}</Heading>
        <Chips label={t('console.which')} value={which} onChoose={(value) => { setWhich(value); setChosen(null); }} chips={[{ value: 'open', text: t('console.open.now') }, { value: 'resolved', text: t('console.resolved') }]} />
        <p role="status" className="small quiet">{said}</p>
        {problem !== null && <Trouble problem={problem} retry={reload} />}
        {data === null && problem === null && <Skeleton rows={5} height={36} />}
        {data !== null && items.length === 0 && (
          <div className="empty"><CircleCheck size={32} aria-hidden="true" /><p className="empty-title">{which === 'open' ? t('console.alertsNone') : t('console.alertsNoneResolved')}</p><p className="quiet">{t('console.alertsNoneText')}</p></div>
        )}
        {items.length > 0 && (
          <Table
            label={t('console.alerts')} rows={items} keyOf={(alert) => alert.id} chosen={shown?.id ?? null} onOpen={setChosen}
            columns={[
              { name: t('console.col.time'), number: true, show: (alert) => <time dateTime={alert.raisedAt}>{moment(alert.raisedAt, zone(alert))}</time> },
              { name: t('console.col.what'), show: (alert) => <strong>{t(alertWords[alert.kind])}</strong> },
              { name: t('console.col.where'), wide: true, show: (alert) => <>{place(alert.bank, alert.locker)} <span className="quiet">{alert.site}</span></> },
              { name: t('console.col.state'), show: (alert) => <State alert={alert} /> },
            ]}
          />
        )}
        <More of={pages} />
      </div>
      {shown !== null && (
        <SidePanel key={shown.id} title={t(alertWords[shown.kind])} beside={<State alert={shown} />} onClose={() => setChosen(null)}>
          <p className="console-panel-what">{[place(shown.bank, shown.locker), shown.site].join(', ')}.{alertDetail(shown) === null ? '' : ` ${alertDetail(shown)}.`}{shown.ticket === null ? '' : ` ${t('tickets.number', { number: shown.ticket })}.`}</p>
          {shown.resolvedAt === null && (
            <div className="console-deeds">
              {shown.acknowledgedAt === null && <Button look="primary" busy={busy === 'acknowledge'} icon={<UserRoundCheck size={18} aria-hidden="true" />} onClick={() => act(shown, 'acknowledge')}>{t('console.acknowledge')}</Button>}
              <Button look={shown.acknowledgedAt === null ? 'plain' : 'primary'} busy={busy === 'resolve'} onClick={() => act(shown, 'resolve')}>{t('console.resolve')}</Button>
            </div>
          )}
          {failed !== null && <Trouble problem={failed} />}
          <ol className="story">
            {shown.resolvedAt !== null && <li><strong>{shown.resolvedBy === null ? t('console.byItself') : t('console.resolvedBy', { name: shown.resolvedBy })}</strong><span className="num">{moment(shown.resolvedAt, zone(shown))}</span></li>}
            {shown.acknowledgedAt !== null && <li><strong>{t('console.acknowledgedBy', { name: shown.acknowledgedBy ?? '' })}</strong><span className="num">{moment(shown.acknowledgedAt, zone(shown))}</span></li>}
            <li data-tone="warn"><strong>{t('console.raised')}</strong><span className="num">{moment(shown.raisedAt, zone(shown))}</span></li>
          </ol>
          {shown.lockerId !== null && <ButtonLink href={`${consolePath('floor', shown.siteId)}&locker=${shown.lockerId}`}>{t('console.toLocker', { label: shown.locker ?? '' })}</ButtonLink>}
          {shown.ticketId !== null && <ButtonLink href="/console/tickets" look="text">{t('console.tickets')}</ButtonLink>}
          {shown.kind === 'called' && <ButtonLink href={consolePath('visits', shown.siteId)} look="text">{t('console.visits')}</ButtonLink>}
        </SidePanel>
      )}
    </div>
  );
}

function State({ alert }: { alert: Alert }) {
  if (alert.resolvedAt !== null) return <Pill tone="free" icon={<CircleCheck aria-hidden="true" />}>{t('console.resolved')}</Pill>;
  return alert.acknowledgedAt === null
    ? <Pill tone="fault" icon={<BellRing aria-hidden="true" />}>{t('console.new')}</Pill>
    : <Pill tone="warn" icon={<UserRoundCheck aria-hidden="true" />}>{alert.acknowledgedBy ?? ''}</Pill>;
}
