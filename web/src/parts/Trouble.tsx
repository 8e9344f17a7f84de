import { RefreshCw, TriangleAlert } from 'lucide-react';
import type { Problem } from '../api/problem';
import { serverNow } from '../api/clock';
import { clock, dateTime, zoneHere } from '../format/time';
import { t } from '../text/t';
import { Button } from './Button';
import './Trouble.css';

interface TroubleProps { problem: Problem; retry?: () => void; since?: number | null }

/**
 * Something went wrong: what, in words, and the way on.
 * @param since when what is still shown was read.
 */
export function Trouble({ problem, retry, since = null }: TroubleProps) {
  return (
    <div className="trouble" role="alert">
      <TriangleAlert size={22} aria-hidden="true" />
      <div>
        <p className="trouble-what">{problem.detail}</p>
        {since !== null && <p className="small">{t('offline.since', { time: moment(since) })}</p>}
        {problem.passing && retry !== undefined && <p className="small">{t('problem.retrying')}</p>}
      </div>
      {retry !== undefined && <Button onClick={retry} icon={<RefreshCw size={18} aria-hidden="true" />}>{t('action.retry')}</Button>}
    </div>
  );
}

/** On the clock of whoever reads it: it is about their connection, not about a place. */
function moment(at: number): string {
  return serverNow() - at < 12 * 3_600_000 ? clock(at) : dateTime(at, zoneHere());
}
