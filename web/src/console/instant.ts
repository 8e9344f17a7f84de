/** What was typed is on the site's clock; the server is asked for an instant. */
export function instant(local: string, timeZone: string): string {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(local)) return '';
  const asUtc = Date.parse(`${local}:00Z`);
  if (Number.isNaN(asUtc)) return '';
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }).formatToParts(asUtc);
  const of = (type: string): number => Number(parts.find((part) => part.type === type)?.value ?? 0);
  const ahead = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second')) - asUtc;
  return new Date(asUtc - ahead).toISOString();
}
