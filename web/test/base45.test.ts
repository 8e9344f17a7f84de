import { describe, expect, it } from 'vitest';
import { decodeBase45 } from '../src/screens/lease/pass/base45';

const text = (bytes: Uint8Array | null): string | null => bytes === null ? null : new TextDecoder().decode(bytes);

describe('Base45', () => {
  // The examples of RFC 9285, section 4.
  it.each([['BB8', 'AB'], ['%69 VD92EX0', 'Hello!!'], ['UJCLQE7W581', 'base-45'], ['QED8WEX0', 'ietf!']])('reads %s', (coded, plain) => {
    expect(text(decodeBase45(coded))).toBe(plain);
  });
  it.each(['GGW', ':::', 'A', 'bb8', 'Z9'])('refuses %s', (coded) => {
    expect(decodeBase45(coded)).toBeNull();
  });
});
