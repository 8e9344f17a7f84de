import type { NewPin } from '../../../api/types';
import { t } from '../../../text/t';
import { Sheet } from './Sheet';

/** The only time that a PIN is seen: nobody can show it again, only make another. */
export function PinDialog({ pin, onClose }: { pin: NewPin; onClose: () => void }) {
  return (
    <Sheet title={t('pass.pinTitle')} onClose={onClose}>
      <ol className="pin-steps">
        <li>{t('pass.pinFirst')} <strong className="num">{pin.typeFirst} #</strong></li>
        <li>{t('pass.pinThen')} <strong className="num pin-code">{pin.pin} #</strong></li>
      </ol>
      <p className="small quiet">{t('pass.pinOnce')}</p>
    </Sheet>
  );
}
