import { Check, Clock, Lock } from 'lucide-react';
import { sizes, type SiteSummary, type Size } from '../api/types';
import { t, tn } from '../text/t';
import { Pill, type Tone } from './Pill';

export function freeAt(site: SiteSummary, size: Size | null): number {
  if (size !== null) return site.free[size] ?? 0;
  return sizes.reduce((sum, each) => sum + (site.free[each] ?? 0), 0);
}

/** A site in one word, the same on the map, in the list and on its page. */
export function siteState(site: SiteSummary, size: Size | null): { tone: Tone; icon: typeof Check; word: string } {
  const free = freeAt(site, size);
  if (!site.openNow) return { tone: 'busy', icon: Clock, word: t('site.closed') };
  if (free === 0) return { tone: 'busy', icon: Lock, word: t('site.full') };
  return { tone: 'free', icon: Check, word: tn('site.free', free) };
}

export function SitePill({ site, size }: { site: SiteSummary; size: Size | null }) {
  const { tone, icon: Icon, word } = siteState(site, size);
  return <Pill tone={tone} icon={<Icon aria-hidden="true" />}>{word}</Pill>;
}
