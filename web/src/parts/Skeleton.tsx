import { t } from '../text/t';
import './Skeleton.css';

/** Grey shapes where the content will be, so that nothing jumps when it comes. */
export function Skeleton({ rows = 3, height = 72 }: { rows?: number; height?: number }) {
  return (
    <div className="skeleton" role="status">
      <span className="hidden">{t('loading')}</span>
      {Array.from({ length: rows }, (_, index) => <div key={index} style={{ height }} />)}
    </div>
  );
}
