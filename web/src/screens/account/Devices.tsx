import { useState } from 'react';
import { accounts } from '../../api/accounts';
import { asProblem, type Problem } from '../../api/problem';
import { useResource } from '../../api/useResource';
import { day, zoneHere } from '../../format/time';
import { Button } from '../../parts/Button';
import { Skeleton } from '../../parts/Skeleton';
import { Trouble } from '../../parts/Trouble';
import { t } from '../../text/t';

// The reader's own clock: this is about their devices, not about a place.
const zone = zoneHere();

/** Where the person is signed in; each place can be ended from here. */
export function Devices() {
  const { data, problem, reload } = useResource('account/devices', (signal) => accounts.devices(signal));
  const [failed, setFailed] = useState<Problem | null>(null);
  const end = async (deed: () => Promise<void>): Promise<void> => {
    setFailed(null);
    try {
      await deed();
    } catch (error) {
      setFailed(asProblem(error));
    }
    reload();
  };
  return (
    <section className="panel" aria-labelledby="account-devices">
      <h2 id="account-devices">{t('account.devices')}</h2>
      {(failed ?? problem) !== null && <Trouble problem={(failed ?? problem)!} retry={reload} />}
      {data === null && problem === null && <Skeleton rows={2} height={48} />}
      <ul className="devices">
        {data?.items.map((device) => {
          const name = device.device === '' ? t('account.device') : device.device;
          return (
            <li key={device.id}>
              <p>{name}{device.here && <> <strong className="small">{t('account.here')}</strong></>}<br /><span className="small quiet">{t('account.since', { time: day(device.lastUsed, zone) })}</span></p>
              {!device.here && <Button onClick={() => void end(() => accounts.endDevice(device.id))} aria-label={t('account.endDevice', { device: name })}>{t('account.signOut')}</Button>}
            </li>
          );
        })}
      </ul>
      {(data?.items.length ?? 0) > 1 && <Button onClick={() => void end(accounts.endOthers)}>{t('account.endOthers')}</Button>}
    </section>
  );
}
