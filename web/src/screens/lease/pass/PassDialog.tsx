import { useEffect } from 'react';
import { api } from '../../../api/endpoints';
import { asProblem } from '../../../api/problem';
import { useResource } from '../../../api/useResource';
import { day } from '../../../format/time';
import { Skeleton } from '../../../parts/Skeleton';
import { Trouble } from '../../../parts/Trouble';
import { t } from '../../../text/t';
import { passChannel } from './channels';
import { QrCode } from '../../../parts/QrCode';
import { passWords } from './passWords';
import { Sheet } from './Sheet';
import { keepPass, keptPass, type PassFor } from './useKeptPass';

/** A pass as a code, for as long as it is looked at. A virtual bank in another tab can be shown it. */
export function PassDialog({ lease, onClose }: { lease: PassFor; onClose: () => void }) {
  const pass = useResource(`pass/${lease.id}`, async () => {
    try {
      const made = await api.pass(lease.id);
      keepPass(lease, made);
      return made;
    } catch (error) {
      // Without a network the one that was put by is as good.
      const before = asProblem(error).passing ? keptPass(lease) : null;
      if (before === null) throw error;
      return before.value;
    }
  });
  const text = pass.data?.text ?? null;
  useEffect(() => {
    if (text === null) return;
    const channel = new BroadcastChannel(passChannel);
    channel.onmessage = ({ data }) => { if (typeof data === 'object') channel.postMessage(text); };
    channel.postMessage(text);
    return () => {
      channel.postMessage(null);
      channel.close();
    };
  }, [text]);
  const { timeZone } = lease.site;
  return (
    <Sheet title={passWords(lease).pass} onClose={onClose}>
      {pass.data === null
        ? pass.problem === null ? <Skeleton rows={1} height={280} /> : <Trouble problem={pass.problem} retry={pass.reload} />
        : (
          <>
            <QrCode text={pass.data.text} name={passWords(lease).code} />
            <p className="center">{t('pass.validUntil', { time: day(pass.data.validUntil, timeZone) })}</p>
            <p className="small quiet">{t('pass.careful')}</p>
          </>
        )}
    </Sheet>
  );
}
