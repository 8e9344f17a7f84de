import { useRef, type KeyboardEvent, type ReactNode } from 'react';

interface Column<Row> { name: string; show: (row: Row) => ReactNode; number?: boolean; wide?: boolean }
interface TableProps<Row> { label: string; columns: Column<Row>[]; rows: Row[]; keyOf: (row: Row) => string; chosen?: string | null; onOpen?: (row: Row) => void }

/** Many rows, little room. One stop for the Tab key; up and down go from row to row, Enter opens the one there. */
export function Table<Row>({ label, columns, rows, keyOf, chosen = null, onOpen }: TableProps<Row>) {
  const body = useRef<HTMLTableSectionElement>(null);
  const step = (event: KeyboardEvent<HTMLTableRowElement>, at: number, row: Row): void => {
    if (event.target !== event.currentTarget) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      onOpen?.(row);
      return;
    }
    const to = event.key === 'ArrowDown' ? at + 1 : event.key === 'ArrowUp' ? at - 1 : event.key === 'Home' ? 0 : event.key === 'End' ? rows.length - 1 : -1;
    if (to < 0 || to >= rows.length) return;
    event.preventDefault();
    (body.current?.children[to] as HTMLElement | undefined)?.focus();
  };
  return (
    <div className="dense-scroll" tabIndex={-1}>
      <table className="dense" aria-label={label}>
        <thead><tr>{columns.map((column) => <th key={column.name} scope="col" className={column.number === true ? 'num-cell' : undefined}>{column.name}</th>)}</tr></thead>
        <tbody ref={body}>
          {rows.map((row, at) => {
            const key = keyOf(row);
            return (
              <tr
                key={key} data-chosen={key === chosen || undefined} tabIndex={onOpen === undefined ? undefined : key === chosen || (at === 0 && !rows.some((each) => keyOf(each) === chosen)) ? 0 : -1}
                onClick={() => onOpen?.(row)} onKeyDown={onOpen === undefined ? undefined : (event) => step(event, at, row)}
              >
                {columns.map((column) => <td key={column.name} className={`${column.number === true ? 'num-cell' : ''} ${column.wide === true ? 'wide-cell' : ''}`}>{column.show(row)}</td>)}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
