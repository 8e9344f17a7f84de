import { Check, Clock, Lock } from 'lucide-react';
import { sizes, type SiteSummary, type Size } from '../api/types';
import { t, tn } from '../text/t';
import { Pill, type Tone } from './Pill';

/** How many are free that something of this size fits into: whoever asks for a small one gets a larger one where no small one is left. */
export function freeAt(site: SiteSummary, size: Size | null): number {
  return sizes.slice(size === null ? 0 : sizes.indexOf(size)).reduce((sum, each) => sum + (site.free[each] ?? 0), 0);
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
