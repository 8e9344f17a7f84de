import { useEffect, useRef, useState } from 'react';
import { Volume2, VolumeX } from 'lucide-react';
import { api, type GateWay } from '../../api/endpoints';
import type { Cabinet } from '../../api/types';
import { Chips } from '../../parts/Chips';
import { t } from '../../text/t';
import { CardReader } from './CardReader';
import { CodeScanner } from './CodeScanner';
import { Keypad } from './Keypad';
import { PhoneReader } from './PhoneReader';
import { play } from './tunes';
import { TerminalDisplay } from './TerminalDisplay';
import './TerminalPanel.css';

interface TerminalPanelProps { bankId: string; gate?: boolean; cabinet: Cabinet; busy: string | null; act: (what: string, deed: () => Promise<Cabinet>) => Promise<void> }

type Reader = 'card' | 'code' | 'phone';
const names: Record<Reader, () => string> = { card: () => t('demo.card'), code: () => t('demo.code'), phone: () => t('demo.phone') };

/** What stands beside the doors: display, keys, card reader and scanner. */
export function TerminalPanel({ bankId, gate = false, cabinet, busy, act }: TerminalPanelProps) {
  const [reader, setReader] = useState<Reader | null>(gate ? 'card' : null);
  const [way, setWay] = useState<GateWay>('in');
  const [sound, setSound] = useState(false);
  const { tunes, tune } = cabinet.terminal;
  const heard = useRef(tunes);
  // Keys go out one after the other, in the order in which they were pressed.
  const keys = useRef<Promise<void>>(Promise.resolve());
  useEffect(() => {
    if (sound && tunes > heard.current) play(tune);
    heard.current = tunes;
  }, [tunes, tune, sound]);
  return (
    <section className="panel terminal" aria-labelledby="terminal-panel">
      <div className="terminal-head">
        <h2 id="terminal-panel">{t('demo.terminal')}</h2>
        <button type="button" aria-pressed={sound} aria-label={t('demo.sound')} onClick={() => setSound(!sound)}>
          {sound ? <Volume2 size={20} aria-hidden="true" /> : <VolumeX size={20} aria-hidden="true" />}
        </button>
      </div>
      <TerminalDisplay terminal={cabinet.terminal} />
      {!gate && <Keypad onKey={(key) => { keys.current = keys.current.then(() => act('key', () => api.pressKey(bankId, key))); }} />}
      {gate && <Chips label={t('gate.side')} value={way} onChoose={setWay} chips={[{ value: 'in', text: t('gate.in') }, { value: 'out', text: t('gate.out') }]} />}
      {!gate && <div className="terminal-readers" role="group" aria-label={t('demo.readers')}>
        {(['card', 'code', 'phone'] as const).map((each) => (
          <button key={each} type="button" aria-expanded={reader === each} onClick={() => setReader(reader === each ? null : each)}>{names[each]()}</button>
        ))}
      </div>}
      {reader === 'card' && <CardReader busy={busy} onTap={(card) => void act(card.uid, () => api.tapCard(bankId, gate ? { ...card, way } : card))} />}
      {reader === 'code' && <CodeScanner busy={busy} onCode={(text) => void act('scan', () => api.showCode(bankId, text))} />}
      {reader === 'phone' && <PhoneReader bankId={bankId} busy={busy} act={act} />}
    </section>
  );
}
