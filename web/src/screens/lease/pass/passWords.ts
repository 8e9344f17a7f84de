import { t } from '../../../text/t';
import type { PassFor } from './useKeptPass';

/** What the other ways are called: those into a rented locker, which has a number, and those to a lock, which has a name. */
export function passWords({ lock = false, locker: { label } }: PassFor): { card: string; pass: string; code: string; phone: string; ready: string; notReady: string } {
  return lock
    ? {
      card: t('lock.pass.card', { name: label }), pass: t('lock.pass.pass', { name: label }), code: t('lock.pass.code', { name: label }), phone: t('lock.pass.phone', { name: label }),
      ready: t('lock.pass.ready'), notReady: t('lock.pass.notReady'),
    }
    : {
      card: t('pass.cardTitle', { label }), pass: t('pass.passTitle', { label }), code: t('pass.code', { label }), phone: t('pass.phoneTitle', { label }),
      ready: t('pass.ready'), notReady: t('pass.notReady'),
    };
}
