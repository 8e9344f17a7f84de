import { describe, expect, it } from 'vitest';
import { encode } from 'uqr';

describe('a pass as a code', () => {
  it('is a QR code of version 6 with a bearer pass of 142 signs, so that a phone shows it large enough for any scanner', () => {
    const bearer = `LK1:${'6BFX%O5:9 KX'.repeat(12).slice(0, 138)}`;
    expect(bearer.length).toBe(142);
    expect(encode(bearer, { ecc: 'M', border: 0 }).version).toBe(6);
  });
});
