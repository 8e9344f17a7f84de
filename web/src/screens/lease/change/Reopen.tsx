import { useRef, useState } from 'react';
import { DoorOpen } from 'lucide-react';
import { changes } from '../../../api/changes';
import { api } from '../../../api/endpoints';
import { Intent } from '../../../api/intent';
import type { Command, Lease } from '../../../api/types';
import { countdown } from '../../../format/time';
import { useLive } from '../../../live/useLive';
import { Button } from '../../../parts/Button';
import { failure, isUnderWay, released } from '../../../parts/orderWords';
import { Trouble } from '../../../parts/Trouble';
import { useDeed } from '../../../parts/useDeed';
import { useFollowed } from '../../../parts/useFollowed';
import { useNow } from '../../../parts/useNow';
import { t } from '../../../text/t';
import './Change.css';

/** Something was forgotten: for a few minutes the locker opens once more, while nobody else has it. */
export function Reopen({ lease, reload }: { lease: Lease; reload: () => void }) {
  const now = useNow();
  const { busy, problem, run } = useDeed();
  const [command, setCommand] = useState<Command | null>(null);
  const [open, setOpen] = useState(false);
  const intent = useRef(new Intent());
  // What happens at the door is told under the lease of these minutes.
  useLive({}, (heard) => {
    if (command === null || !('leaseId' in heard) || heard.leaseId !== command.leaseId) return;
    if (heard.event === 'door') setOpen(heard.state === 'open');
    if (heard.event === 'command' && heard.commandId === command.id) setCommand({ ...command, state: heard.state, reason: heard.reason, final: heard.final });
    if (heard.event === 'lease') reload();
  });
  const latest = useRef(command);
  latest.current = command;
  const learn = (given: Command): void => {
    setCommand(given);
    setOpen(given.state === 'opened');
  };
  // News may come before the answer that says which order they are about, and without a feed there are none.
  useFollowed(isUnderWay(command), () => {
    if (command !== null) api.command(command.id).then((now) => { if (isUnderWay(latest.current)) learn(now); }, () => undefined);
  });
  const left = lease.reopenUntil === null ? 0 : Date.parse(lease.reopenUntil) - now;
  const { label } = lease.locker;

  const reopen = async (): Promise<void> => {
    const done = await run('deed', async () => {
      learn(await intent.current.run((key) => changes.reopen(lease.id, key)));
    });
    if (!done) reload();
  };

  const said: { title: string; text?: string } = open ? { title: t('reopen.open', { label }) } : command === null ? { title: t('reopen.text', { label }) } : became(command, label);
  if (command === null && left <= 0) return problem === null ? null : <Trouble problem={problem} />;
  return (
    <section className="panel reopen" aria-labelledby="reopen-title">
      <h2 id="reopen-title">{t('reopen.title')}</h2>
      <p className="num" role="status">{said.title}{said.text !== undefined && <><br />{said.text}</>}</p>
      {problem !== null && <Trouble problem={problem} />}
      {left > 0 && !open && (
        <Button wide busy={busy !== null} icon={<DoorOpen size={20} aria-hidden="true" />} onClick={() => void reopen()}>{t('reopen.deed', { label })} <span className="num" aria-hidden="true">{countdown(left)}</span></Button>
      )}
    </section>
  );
}

/** What became of the order, while the door is not seen open. */
function became(command: Command, label: string): { title: string; text?: string } {
  if (isUnderWay(command)) return { title: t('talk.opening', { label }) };
  if (command.state === 'opened') return { title: t('reopen.shut', { label }) };
  const words = command.state === 'not-opened' ? null : released(command, label) ?? failure(command, label);
  return words ?? { title: t('reopen.failed', { label }) };
}
