import { Accessibility, PlugZap, Snowflake } from 'lucide-react';
import type { Feature } from '../api/types';
import { t } from '../text/t';

/** What a locker can have besides its size, the same on every screen. */
export function featureWords(feature: Feature): { icon: typeof Snowflake; name: string; hint: string } {
  switch (feature) {
    case 'reachable': return { icon: Accessibility, name: t('book.reachable'), hint: t('book.reachableHint') };
    case 'power': return { icon: PlugZap, name: t('find.power'), hint: t('find.powerHint') };
    case 'cooled': return { icon: Snowflake, name: t('find.cooled'), hint: t('find.cooledHint') };
  }
}
