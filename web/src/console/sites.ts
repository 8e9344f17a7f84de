import { atWork, type SiteAtWork } from '../api/console';
import type { Problem } from '../api/problem';
import { useResource } from '../api/useResource';
import { keepQuery, useAddress } from '../app/router';
import { zoneHere } from '../format/time';
import { useLive } from '../live/useLive';

const key = 'latchkey.console.site';

export interface Work { sites: SiteAtWork[] | null; site: SiteAtWork | null; alerts: number; problem: Problem | null; reload: () => void; choose: (siteId: string) => void }

/** As many floors as one stream carries; whoever has more sites hears of the others when they choose them. */
const mostFloors = 50;

/** The floors of all their sites, as many as one stream carries. */
export const floorsOf = (work: Work): string[] => work.sites?.slice(0, mostFloors).map((site) => site.id) ?? [];

/** The clock on the wall of a site; of one that is none of theirs the reader's own. */
export const zoneOf = (work: Work, siteId: string | null): string => work.sites?.find((site) => site.id === siteId)?.timeZone ?? zoneHere();

/** Where this person works, and which of it they look at: what the address says, else what they looked at last. */
export function useWork(): Work {
  const { searchParams } = useAddress();
  const { data, problem, reload } = useResource('staff/sites', (signal) => atWork.sites(signal));
  const wanted = searchParams.get('site') ?? remembered();
  const sites = data?.items ?? null;
  const site = sites?.find((each) => each.id === wanted) ?? sites?.[0] ?? null;
  const others = sites?.filter((each) => each !== site).map((each) => each.id) ?? [];
  useLive({ floors: site === null ? [] : [site.id, ...others].slice(0, mostFloors) }, (heard) => {
    if (heard.event === 'resync' || (heard.event === 'floor' && heard.what.startsWith('alert-'))) reload();
  });
  return {
    sites, site, problem, reload,
    alerts: sites?.reduce((sum, each) => sum + each.alerts, 0) ?? 0,
    choose: (siteId) => {
      try {
        localStorage.setItem(key, siteId);
      } catch {
        // Without storage it is chosen as long as the address says so.
      }
      keepQuery({ site: siteId });
    },
  };
}

function remembered(): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
