/** A number as people type it, with a comma or a point before its fraction; null for anything else, above all for an empty field, which is not 0. */
export function readNumber(text: string): number | null {
  const plain = text.trim().replace(',', '.');
  return /^-?\d+(\.\d+)?$/.test(plain) ? Number(plain) : null;
}
