import type { Size } from '../api/types';
import { t } from '../text/t';

export function sizeName(size: Size): string {
  return { S: t('size.S'), M: t('size.M'), L: t('size.L'), XL: t('size.XL') }[size];
}

/** What goes in, in things rather than litres. */
export function sizeFits(size: Size): string {
  return { S: t('fits.S'), M: t('fits.M'), L: t('fits.L'), XL: t('fits.XL') }[size];
}
