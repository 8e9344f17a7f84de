import type { HistoryEntry } from '../api/console';
import { money } from '../format/money';
import { Pill } from '../parts/Pill';
import { t } from '../text/t';
import { moment } from './Story';
import { Table } from './Table';
import { outcomeTone, whoWhy, word } from './words';

interface HistoryTableProps { items: HistoryEntry[]; timeZone: string; chosen?: string | null; onOpen: (entry: HistoryEntry) => void }

/** Who came, went and opened what, a line each. */
export function HistoryTable({ items, timeZone, chosen = null, onOpen }: HistoryTableProps) {
  return (
    <Table
      label={t('console.history')} rows={items} keyOf={(entry) => entry.key} chosen={chosen} onOpen={onOpen}
      columns={[
        { name: t('console.col.time'), number: true, show: (entry) => <time dateTime={entry.at}>{moment(entry.at, timeZone)}</time> },
        { name: t('console.col.locker'), show: (entry) => <strong className="num">{entry.locker ?? ''}</strong> },
        { name: t('console.col.bank'), show: (entry) => entry.bank ?? '' },
        { name: t('console.col.what'), show: (entry) => word('what', entry.what) },
        { name: t('console.col.who'), wide: true, show: (entry) => <span className="quiet">{whoWhy(entry)}</span> },
        { name: t('console.col.outcome'), show: (entry) => <Outcome entry={entry} /> },
      ]}
    />
  );
}

function Outcome({ entry }: { entry: HistoryEntry }) {
  const tone = outcomeTone(entry);
  const charged = entry.charged !== null && entry.charged.minor > 0 ? ` ${money(entry.charged)}` : '';
  if (tone === null) return null;
  return <Pill tone={tone} icon={null}>{(entry.outcome === null ? t('console.attentionPill') : word('outcome', entry.outcome)) + charged}</Pill>;
}
