import { sizes, type Feature, type Locker, type Site } from '../../api/types';
import type { Heard } from '../../live/page';

/** A site with one live event applied. */
export function patched(site: Site, heard: Heard): Site {
  if (heard.event === 'bank') {
    return { ...site, banks: site.banks.map((bank) => (bank.id === heard.bankId ? { ...bank, online: heard.online } : bank)) };
  }
  if (heard.event !== 'availability' || heard.siteId !== site.id) return site;
  const banks = site.banks.map((bank) => (bank.id !== heard.bankId ? bank : {
    ...bank,
    lockers: bank.lockers.map((locker) => (locker.id === heard.lockerId ? { ...locker, availability: heard.availability } : locker)),
  }));
  return { ...site, banks, free: counted({ ...site, banks }, []) };
}

/** What was decided a moment before an answer was read may have been written down a moment after. */
const behind = 2000;

/** The events that an answer cannot know of yet: those since it was read. */
export function notYetIn(site: Site, heard: Heard[]): Heard[] {
  return heard.filter((event) => event.event !== 'resync' && Date.parse(event.at) > Date.parse(site.asOf) - behind);
}

/** What is free of each size that the site has, counting those that have what is wanted. */
export function counted(site: Site, wanted: Feature[]): Site['free'] {
  const free = site.banks.flatMap((bank) => bank.lockers).filter((locker) => locker.availability === 'free' && has(locker, wanted));
  return Object.fromEntries(sizes.filter((size) => site.free[size] !== undefined).map((size) => [size, free.filter((locker) => locker.size === size).length]));
}

export function has(locker: Locker, wanted: Feature[]): boolean {
  return wanted.every((each) => locker.features.includes(each));
}
