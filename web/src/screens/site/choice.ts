import { features, sizes, type Feature, type Site, type Size } from '../../api/types';
import { counted, has } from './live';

/** What a person has chosen so far. It lives in the address, so that signing in or reloading loses nothing. */
export interface Choice { size: Size | null; hours: number; features: Feature[]; lockerId: string | null }

export const mostHours = 72;

/** What a locker must have, as it stands in the address. */
export function readFeatures(query: URLSearchParams): Feature[] {
  const named = query.get('features')?.split(',') ?? [];
  return features.filter((each) => named.includes(each));
}

/** How many are free of each size, of those that have what is wished for. */
export function freeBySize(site: Site, wanted: Feature[]): Site['free'] {
  return wanted.length === 0 ? site.free : counted(site, wanted);
}

export function readChoice(query: URLSearchParams, site: Site): Choice {
  const lockers = site.banks.flatMap((bank) => bank.lockers);
  const locker = lockers.find((each) => each.id === query.get('locker'));
  const offered = sizes.filter((size) => site.perHour[size] !== undefined);
  const wanted = offered.find((size) => size === query.get('size'));
  const hours = Math.round(Number(query.get('hours')));
  const wishes = readFeatures(query);
  const free = freeBySize(site, wishes);
  return {
    // Without a wish: the smallest that is free now, because it is the cheapest.
    size: locker?.size ?? wanted ?? offered.find((size) => (free[size] ?? 0) > 0) ?? offered[0] ?? null,
    hours: hours >= 1 && hours <= mostHours ? hours : 3,
    features: wishes,
    lockerId: locker?.id ?? null,
  };
}

/** Whether, and how, the wish can be met now. The server decides again when it is asked. */
type Outlook = { kind: 'free' } | { kind: 'larger'; size: Size } | { kind: 'none' } | { kind: 'taken' };

export function outlook(site: Site, { size, features: wanted, lockerId }: Choice): Outlook {
  const free = site.banks.flatMap((bank) => bank.lockers).filter((locker) => locker.availability === 'free');
  if (lockerId !== null) return free.some((locker) => locker.id === lockerId) ? { kind: 'free' } : { kind: 'taken' };
  if (size === null) return { kind: 'none' };
  const found = sizes.slice(sizes.indexOf(size)).find((each) => free.some((locker) => locker.size === each && has(locker, wanted)));
  if (found === undefined) return { kind: 'none' };
  return found === size ? { kind: 'free' } : { kind: 'larger', size: found };
}
