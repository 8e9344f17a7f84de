/** A page of the console with the chosen site in its address. */
export function consolePath(name: string, siteId: string | undefined): string {
  return siteId === undefined ? `/console/${name}` : `/console/${name}?site=${encodeURIComponent(siteId)}`;
}
