import { sizes, type Locker, type Site } from '../../api/types';
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
  return { ...site, banks, free: counted(banks.flatMap((bank) => bank.lockers), site) };
}

function counted(lockers: Locker[], { free }: Site): Site['free'] {
  const counts = { ...free };
  for (const size of sizes) {
    if (counts[size] !== undefined) counts[size] = lockers.filter((locker) => locker.size === size && locker.availability === 'free').length;
  }
  return counts;
}
