import { t } from '../text/t';
import './TotpQr.css';

export function RecoveryCodes({ codes }: { codes: string[] }) {
  return (
    <div className="panel stack">
      <p>{t('step.recoveryText')}</p>
      <ul className="recovery">{codes.map((code) => <li key={code}><code>{code}</code></li>)}</ul>
    </div>
  );
}
