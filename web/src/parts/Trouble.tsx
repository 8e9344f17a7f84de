import { RefreshCw, TriangleAlert } from 'lucide-react';
import type { Problem } from '../api/problem';
import { t } from '../text/t';
import { Button } from './Button';
import './Trouble.css';

interface TroubleProps { problem: Problem; retry?: () => void }

/** Something went wrong: what, in words, and the way on. */
export function Trouble({ problem, retry }: TroubleProps) {
  return (
    <div className="trouble" role="alert">
      <TriangleAlert size={22} aria-hidden="true" />
      <div>
        <p className="trouble-what">{problem.detail}</p>
        {problem.passing && retry !== undefined && <p className="small">{t('problem.retrying')}</p>}
      </div>
      {retry !== undefined && <Button onClick={retry} icon={<RefreshCw size={18} aria-hidden="true" />}>{t('action.retry')}</Button>}
    </div>
  );
}
