import type { TotpSecret } from '../api/accounts';
import { t } from '../text/t';
import { QrCode } from './QrCode';
import './TotpQr.css';

/** A secret for an authenticator app: to scan, and to type where the app is on the same telephone. */
export function TotpQr({ secret }: { secret: TotpSecret }) {
  return (
    <div className="totp-qr">
      <QrCode text={secret.uri} name={t('step.scan')} />
      <p className="small quiet">{t('step.typeInstead')} <code>{secret.secret.replace(/(.{4})(?=.)/g, '$1 ')}</code></p>
    </div>
  );
}
