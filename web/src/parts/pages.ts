/** A list that comes in pages, the newest first, as far as it was read. */
export interface Read<T> { items: T[]; next: string | null }

/**
 * What is known, with the first page read again: news stand before it, and nothing in between is lost because the first page now ends earlier.
 * Where nothing of it is known any more, more has happened than one page holds: then it begins anew, rather than with a gap that nobody sees.
 */
export function withFirst<T>(known: Read<T>, first: Read<T>, keyOf: (item: T) => string): Read<T> {
  const fresh = new Set(first.items.map(keyOf));
  const last = known.items.findLastIndex((item) => fresh.has(keyOf(item)));
  const older = known.items.slice(last + 1);
  if (first.next === null || last < 0 || older.length === 0) return { items: first.items, next: first.next };
  return { items: [...first.items, ...older], next: known.next };
}

/** The page behind what is known; one that was asked for before the list began anew belongs nowhere. */
export function withNext<T>(known: Read<T>, asked: string, page: Read<T>, keyOf: (item: T) => string): Read<T> {
  if (known.next !== asked) return known;
  const here = new Set(known.items.map(keyOf));
  return { items: [...known.items, ...page.items.filter((item) => !here.has(keyOf(item)))], next: page.next };
}
