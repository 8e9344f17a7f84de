import { useEffect, useRef, useState } from 'react';
import { Nfc } from 'lucide-react';
import { api } from '../../api/endpoints';
import { Problem } from '../../api/problem';
import type { Cabinet } from '../../api/types';
import { Button } from '../../parts/Button';
import { t } from '../../text/t';
import { phoneChannel, type PhoneTalk } from '../lease/pass/channels';

interface PhoneReaderProps { bankId: string; busy: string | null; act: (what: string, deed: () => Promise<Cabinet>) => Promise<void> }

/** A phone that hangs in another tab answers at once or not at all. */
const answerWithin = 5000;

/** Holds the phone of another tab to the reader: the bank gives it something to sign, and gets the proof. */
export function PhoneReader({ bankId, busy, act }: PhoneReaderProps) {
  const [there, setThere] = useState(false);
  const channel = useRef<BroadcastChannel | null>(null);
  const waiting = useRef<((talk: PhoneTalk & { say: 'proof' }) => void) | null>(null);
  useEffect(() => {
    const opened = new BroadcastChannel(phoneChannel);
    opened.onmessage = ({ data }: MessageEvent<PhoneTalk>) => {
      if (data.say === 'here') setThere(true);
      if (data.say === 'gone') setThere(false);
      if (data.say === 'proof') waiting.current?.(data);
    };
    opened.postMessage({ say: 'who' } satisfies PhoneTalk);
    channel.current = opened;
    return () => opened.close();
  }, []);
  const hold = (): void => void act('phone', async () => {
    const { nonce } = await api.nonce(bankId);
    const { proof } = await new Promise<PhoneTalk & { say: 'proof' }>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Problem('phone-silent', 409, t('demo.phoneSilent'))), answerWithin);
      waiting.current = (talk) => {
        clearTimeout(timer);
        resolve(talk);
      };
      channel.current?.postMessage({ say: 'sign', nonce } satisfies PhoneTalk);
    });
    return api.holdPhone(bankId, proof);
  });
  return (
    <div className="reader">
      <Button wide look={there ? 'primary' : 'plain'} disabled={!there} busy={busy === 'phone'} icon={<Nfc size={18} aria-hidden="true" />} onClick={hold}>
        {there ? t('demo.phoneHold') : t('demo.phoneNone')}
      </Button>
      <p className="small quiet">{t('demo.phoneHow')}</p>
    </div>
  );
}
