/** All of a list that comes in parts and says how long it is. */
export async function whole<T>(part: (skip: number) => Promise<{ items: T[]; total: number }>): Promise<{ items: T[] }> {
  const { items, total } = await part(0);
  while (items.length < total) {
    const next = await part(items.length);
    // It has become shorter meanwhile.
    if (next.items.length === 0) break;
    items.push(...next.items);
  }
  return { items };
}
