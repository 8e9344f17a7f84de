import { useEffect, useRef, useState } from 'react';
import { Nfc } from 'lucide-react';
import { api } from '../../../api/endpoints';
import { asProblem, type Problem } from '../../../api/problem';
import { useResource } from '../../../api/useResource';
import { Skeleton } from '../../../parts/Skeleton';
import { Trouble } from '../../../parts/Trouble';
import { t } from '../../../text/t';
import { phoneChannel, type PhoneTalk } from './channels';
import { phoneKey, pointOf, prove, toBase64Url } from './phoneKey';
import { Sheet } from './Sheet';
import { passWords } from './passWords';
import type { PassFor } from './useKeptPass';

/**
 * This phone, held to the reader: a pass that is bound to its key, and a signature over what the bank asks. A browser cannot speak NFC or BLE to a
 * bank; the virtual one in another tab is spoken to.
 */
export function PhoneDialog({ lease, onClose }: { lease: PassFor; onClose: () => void }) {
  const bound = useResource(`phone-pass/${lease.id}`, async () => {
    const pair = await phoneKey();
    return { pair, pass: await api.pass(lease.id, toBase64Url(await pointOf(pair))) };
  });
  const [used, setUsed] = useState(false);
  const [failed, setFailed] = useState<Problem | null>(null);
  const known = useRef(bound.data);
  known.current = bound.data;
  const ready = bound.data !== null;
  useEffect(() => {
    if (!ready) return;
    const channel = new BroadcastChannel(phoneChannel);
    const say = (talk: PhoneTalk): void => channel.postMessage(talk);
    channel.onmessage = ({ data }: MessageEvent<PhoneTalk>) => {
      if (data.say === 'who') say({ say: 'here' });
      if (data.say === 'sign' && known.current !== null) {
        void prove(known.current.pair, known.current.pass.text, data.nonce).then((proof) => {
          say({ say: 'proof', proof });
          setUsed(true);
        }, (error: unknown) => setFailed(asProblem(error)));
      }
    };
    say({ say: 'here' });
    return () => {
      say({ say: 'gone' });
      channel.close();
    };
  }, [ready]);
  return (
    <Sheet title={passWords(lease).phone} onClose={onClose}>
      {bound.data === null
        ? bound.problem === null ? <Skeleton rows={1} height={120} /> : <Trouble problem={bound.problem} retry={bound.reload} />
        : (
          <>
            <p className="phone-hold" role="status"><Nfc size={40} aria-hidden="true" /><span>{used ? t('pass.phoneUsed') : t('pass.phoneHold')}</span></p>
            {failed !== null && <Trouble problem={failed} />}
            <p className="small quiet">{t('pass.phoneWhy')}</p>
          </>
        )}
    </Sheet>
  );
}
