/** The 45 signs of RFC 9285. */
const signs = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';

/** The bytes of a text in Base45 (RFC 9285); null when it is none. */
export function decodeBase45(text: string): Uint8Array<ArrayBuffer> | null {
  const values = [...text].map((sign) => signs.indexOf(sign));
  if (values.includes(-1) || values.length % 3 === 1) return null;
  const bytes: number[] = [];
  for (let i = 0; i < values.length; i += 3) {
    const [a = 0, b = 0, c] = values.slice(i, i + 3);
    const sum = a + 45 * b + 2025 * (c ?? 0);
    if (c === undefined ? sum > 0xff : sum > 0xffff) return null;
    if (c !== undefined) bytes.push(sum >> 8);
    bytes.push(sum & 0xff);
  }
  return new Uint8Array(bytes);
}
