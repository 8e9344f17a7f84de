import type { Deposit } from '../../api/deposits';
import { t } from '../../text/t';

/** For whom it is, as well as anybody knows. */
export function nameOf({ receiver: { name, email, phone } }: Deposit): string {
  return name !== '' ? name : email ?? phone ?? t('deposit.somebody');
}
