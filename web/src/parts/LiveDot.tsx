import { useLiveState } from '../live/useLive';
import { clock, clockSeconds } from '../format/time';
import { t } from '../text/t';
import './LiveDot.css';

/** The heartbeat: whether what is on the screen is fresh, and if not, since when. */
export function LiveDot() {
  const { state, since } = useLiveState();
  if (state === 'idle') return null;
  const live = state === 'live';
  return (
    <p className="live-dot" data-live={live} role="status">
      <span className="live-mark" aria-hidden="true" />
      {live ? t('live.live') : <><span className="live-long">{t('live.stale', { time: clockSeconds(since) })}</span><span className="live-short" aria-hidden="true">{t('live.short', { time: clock(since) })}</span></>}
    </p>
  );
}
