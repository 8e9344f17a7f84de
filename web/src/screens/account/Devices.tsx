import { accounts } from '../../api/accounts';
import { useResource } from '../../api/useResource';
import { day, zoneHere } from '../../format/time';
import { Button } from '../../parts/Button';
import { Skeleton } from '../../parts/Skeleton';
import { Trouble } from '../../parts/Trouble';
import { useDeed } from '../../parts/useDeed';
import { t } from '../../text/t';

// The reader's own clock: this is about their devices, not about a place.
const zone = zoneHere();

/** Where the person is signed in; each place can be ended from here. */
export function Devices() {
  const { data, problem, reload } = useResource('account/devices', (signal) => accounts.devices(signal));
  const { busy, problem: failed, run } = useDeed<string>();
  const end = (what: string, deed: () => Promise<void>): void => void run(what, deed).then(reload);
  return (
    <section className="panel" aria-labelledby="account-devices">
      <h2 id="account-devices">{t('account.devices')}</h2>
      {problem !== null && <Trouble problem={problem} retry={reload} />}
      {failed !== null && <Trouble problem={failed} />}
      {data === null && problem === null && <Skeleton rows={2} height={48} />}
      <ul className="devices">
        {data?.items.map((device) => {
          const name = device.device === '' ? t('account.device') : device.device;
          return (
            <li key={device.id}>
              <p>{name}{device.here && <> <strong className="small">{t('account.here')}</strong></>}<br /><span className="small quiet">{t('account.since', { time: day(device.lastUsed, zone) })}</span></p>
              {!device.here && <Button busy={busy === device.id} onClick={() => end(device.id, () => accounts.endDevice(device.id))} aria-label={t('account.endDevice', { device: name })}>{t('account.signOut')}</Button>}
            </li>
          );
        })}
      </ul>
      {(data?.items.length ?? 0) > 1 && <Button busy={busy === 'others'} onClick={() => end('others', accounts.endOthers)}>{t('account.endOthers')}</Button>}
    </section>
  );
}
