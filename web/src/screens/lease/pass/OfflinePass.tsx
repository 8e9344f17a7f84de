import type { IssuedPass, Lease } from '../../../api/types';
import { day } from '../../../format/time';
import type { Kept } from '../../../offline/kept';
import { QrCode } from '../../../parts/QrCode';
import { t } from '../../../text/t';

/** Without a network the pass is what opens the door, so it comes first and needs no press. */
export function OfflinePass({ lease, pass }: { lease: Lease; pass: Kept<IssuedPass> | null }) {
  if (pass === null) return <p className="panel quiet">{t('offline.noPass')}</p>;
  const { timeZone } = lease.site;
  return (
    <section className="panel offline-pass" aria-labelledby="offline-pass">
      <h2 id="offline-pass">{t('offline.passTitle')}</h2>
      <QrCode text={pass.value.text} name={t('pass.code', { label: lease.locker.label })} />
      <p className="small">{t('offline.passText', { made: day(pass.at, timeZone), until: day(pass.value.validUntil, timeZone) })}</p>
    </section>
  );
}
