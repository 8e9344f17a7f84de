import { useRef, useState } from 'react';
import { DoorOpen } from 'lucide-react';
import { changes } from '../../../api/changes';
import { Intent } from '../../../api/intent';
import { asProblem, type Problem } from '../../../api/problem';
import type { Command, Lease } from '../../../api/types';
import { countdown } from '../../../format/time';
import { useLive } from '../../../live/useLive';
import { Button } from '../../../parts/Button';
import { Trouble } from '../../../parts/Trouble';
import { useNow } from '../../../parts/useNow';
import { t } from '../../../text/t';
import './Change.css';

/** Something was forgotten: for a few minutes the locker opens once more, while nobody else has it. */
export function Reopen({ lease, reload }: { lease: Lease; reload: () => void }) {
  const now = useNow();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [command, setCommand] = useState<Command | null>(null);
  const [open, setOpen] = useState(false);
  const intent = useRef(new Intent());
  // What happens at the door is told under the lease of these minutes.
  useLive({}, (heard) => {
    if (command === null || !('leaseId' in heard) || heard.leaseId !== command.leaseId) return;
    if (heard.event === 'door') setOpen(heard.state === 'open');
    if (heard.event === 'command' && heard.commandId === command.id) setCommand({ ...command, state: heard.state, final: heard.final });
    if (heard.event === 'lease') reload();
  });
  const left = lease.reopenUntil === null ? 0 : Date.parse(lease.reopenUntil) - now;
  const { label } = lease.locker;

  const reopen = async (): Promise<void> => {
    setBusy(true);
    setProblem(null);
    try {
      const given = await intent.current.run((key) => changes.reopen(lease.id, key));
      setCommand(given);
      setOpen(given.state === 'opened');
    } catch (error) {
      setProblem(asProblem(error));
      reload();
    }
    setBusy(false);
  };

  if (command === null && left <= 0) return problem === null ? null : <Trouble problem={problem} />;
  const said = command === null ? null
    : open ? t('reopen.open', { label })
    : command.state === 'pending' || command.state === 'sent' ? t('talk.opening', { label })
    : command.state === 'opened' || command.state === 'pulsed' ? t('reopen.shut', { label })
    : t('reopen.failed', { label });
  return (
    <section className="panel reopen" aria-labelledby="reopen-title">
      <h2 id="reopen-title">{t('reopen.title')}</h2>
      <p className="num" role="status">{said ?? t('reopen.text', { label })}</p>
      {problem !== null && <Trouble problem={problem} />}
      {left > 0 && !open && (
        <Button wide busy={busy} icon={<DoorOpen size={20} aria-hidden="true" />} onClick={() => void reopen()}>{t('reopen.deed', { label })} <span className="num" aria-hidden="true">{countdown(left)}</span></Button>
      )}
    </section>
  );
}
