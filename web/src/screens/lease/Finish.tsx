import { useRef, useState } from 'react';
import { api } from '../../api/endpoints';
import { Intent } from '../../api/intent';
import type { Lease } from '../../api/types';
import { money } from '../../format/money';
import { Button } from '../../parts/Button';
import { Confirm } from '../../parts/Confirm';
import { Trouble } from '../../parts/Trouble';
import { useDeed } from '../../parts/useDeed';
import { t } from '../../text/t';

interface FinishProps { lease: Lease; put: (change: (known: Lease) => Lease) => void; reload: () => void }

/** Gives the locker back and pays. Never by a second tap on something else: money moves, so the button names it. */
export function Finish({ lease, put, reload }: FinishProps) {
  const [sure, setSure] = useState(false);
  const { busy, problem, forget, run } = useDeed();
  const intent = useRef(new Intent());
  const { label } = lease.locker;
  const price = money(lease.soFar);
  const nothing = !lease.openedEver || lease.soFar.minor === 0;

  const finish = async (): Promise<void> => {
    const done = await run('deed', async () => {
      const ended = await intent.current.run((key) => api.finish(lease.id, key));
      put(() => ended);
      // What is said now begins at the top: thanks, what to do about something left inside, the receipt. The button was far below it on a phone.
      window.scrollTo(0, 0);
    });
    if (!done) reload();
  };

  return (
    <>
      <Button look="text" onClick={() => { forget(); setSure(true); reload(); }}>{nothing ? t('finish.buttonFree') : t('finish.button')}</Button>
      {sure && (
        <Confirm
          title={t('finish.title', { label })} busy={busy !== null} onClose={() => setSure(false)} onDeed={() => void finish()}
          deed={nothing ? t('finish.deedFree', { label }) : t('finish.deed', { price })}
        >
          <p>{lease.openedEver ? t('finish.empty', { label }) : t('finish.neverOpened')}</p>
          {!nothing && <p className="quiet">{t('finish.money', { price })}</p>}
          {problem !== null && <Trouble problem={problem} />}
        </Confirm>
      )}
    </>
  );
}
