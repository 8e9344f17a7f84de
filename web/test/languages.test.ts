import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { en } from '../src/text/en';
import { hi } from '../src/text/hi';
import { refusalsHi } from '../src/text/refusals.hi';

const names = (text: string): string[] => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(([whole]) => whole))].sort();
const devanagari = /[\u0900-\u097f]/;
/** Names, signs and file names are the same in every language. */
const same = (text: string): boolean => !/[a-z]{3}/i.test(text.replace(/\{\w+\}|Latchkey|PIN|API|locker-|record|csv|CSV|QR|SMS|NFC|BLE|UID|REST/g, ''));

describe('the languages', () => {
  const english: Record<string, string> = en;
  const hindi: Record<string, string> = hi;

  it('have the same texts, none of them empty, with the same values in them', () => {
    expect(Object.keys(hindi).sort()).toEqual(Object.keys(english).sort());
    for (const [key, text] of Object.entries(hindi)) {
      expect(text.trim(), key).not.toBe('');
      expect(english[key]?.trim(), key).not.toBe('');
      // A form for "one" may say the word instead of the number.
      if (!key.endsWith('.one')) expect(names(text), key).toEqual(names(english[key] ?? ''));
    }
  });

  it('say in Hindi what they say in English', () => {
    const untranslated = Object.entries(hindi).filter(([, text]) => !devanagari.test(text) && !same(text)).map(([key]) => key);
    expect(untranslated).toEqual([]);
  });

  it('have words for every refusal that a person can meet', () => {
    const table = readFileSync('../docs/http.md', 'utf8').split('## Codes')[1]?.split('\n## ')[0] ?? '';
    const codes = [...table.matchAll(/^\| ((?:`[a-z-]+`(?:, )?)+) \|(.*)$/gm)]
      .flatMap(([, named = '', rest = '']) => [...named.matchAll(/`([a-z-]+)`/g)].map(([, code = '']) => ({ code, rest })));
    expect(codes.length).toBeGreaterThan(50);
    // Those that programs, staff and mistakes of ours meet.
    const others = /mistake in|program|admin|claim|makes a new key|hand(s|ed) ?out|pay it out|tariff|digits|uses https|message/;
    const missing = codes.filter(({ code, rest }) => refusalsHi[code] === undefined && !others.test(`${code} ${rest}`)).map(({ code }) => code);
    expect(missing).toEqual([]);
    for (const [code, text] of Object.entries(refusalsHi)) expect(devanagari.test(text), code).toBe(true);
  });
});
