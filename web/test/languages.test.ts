import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { en } from '../src/text/en';
import { hi } from '../src/text/hi';
import { refusalsHi } from '../src/text/refusals.hi';
import { maybe } from '../src/text/t';

const source = (path: string): string => readFileSync(`../${path}`, 'utf8');
const quoted = (text: string): string[] => [...text.matchAll(/`([a-z-]+)`/g)].map(([, code = '']) => code);
const wordless = (family: string, codes: string[]): string[] => codes.filter((code) => maybe(`${family}.${code}`) === null);

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
    const table = source('docs/http.md').split('## Codes')[1]?.split('\n## ')[0] ?? '';
    const codes = [...table.matchAll(/^\| ((?:`[a-z-]+`(?:, )?)+) \|(.*)$/gm)]
      .flatMap(([, named = '', rest = '']) => [...named.matchAll(/`([a-z-]+)`/g)].map(([, code = '']) => ({ code, rest })));
    expect(codes.length).toBeGreaterThan(50);
    // Those that programs, staff and mistakes of ours meet.
    const others = /mistake in|program|admin|claim|makes a new key|hand(s|ed) ?out|pay it out|tariff|digits|uses https|message/;
    const missing = codes.filter(({ code, rest }) => refusalsHi[code] === undefined && !others.test(`${code} ${rest}`)).map(({ code }) => code);
    expect(missing).toEqual([]);
    for (const [code, text] of Object.entries(refusalsHi)) expect(devanagari.test(text), code).toBe(true);
  });

  it('have words for every kind of message', () => {
    const kinds = [...source('src/Latchkey.Server/Messages/MessageKinds.cs').matchAll(/const string \w+ = "([a-z-]+)";/g)].map(([, kind = '']) => kind).filter((kind) => !['rentals', 'payments', 'doors', 'locks', 'security', 'deposits', 'staff'].includes(kind));
    expect(kinds.length).toBeGreaterThan(40);
    expect(wordless('choices.kind', kinds)).toEqual([]);
  });

  it('have words for everything that a device may give as a reason, or say is wrong with it', () => {
    const protocol = source('docs/protocol.md');
    const rows = (name: string): string[] => protocol.split('\n').filter((line) => line.startsWith(`| \`${name}\` |`));
    const refusals = rows('reason').flatMap((line) => quoted(line.split('with `refused`:')[1] ?? '')).filter((code) => !['not-opened', 'not-locked', 'unknown'].includes(code));
    const credentials = quoted((protocol.split('### Why a credential is refused')[1] ?? '').split('\n## ')[0] ?? '');
    expect(refusals).toContain('brown-out');
    expect(credentials).toContain('wrong-code');
    expect(wordless('console.reason', [...refusals, ...credentials])).toEqual([]);
    const issues = rows('issue').flatMap((line) => quoted(line.split('the gravest first:')[1] ?? ''));
    expect(issues).toHaveLength(6);
    expect(wordless('lock.issue', issues)).toEqual([]);
  });

  it('have words for everything that a story of a locker may tell', () => {
    const kinds = new Map([...source('src/Latchkey.Server/Journal/JournalEntry.cs').matchAll(/const string (\w+) = "([a-z-]+)";/g)].map(([, name = '', kind = '']) => [name, kind]));
    const [, steps = ''] = /Steps =\s*\[([^\]]*)\]/.exec(source('src/Latchkey.Server/Features/Console/ListHistory.cs')) ?? [];
    expect(steps).toContain('CommandSettled');
    // People, keys, claims and locks of somebody's own happen at no locker of a site.
    const elsewhere = /^(server$|(person|address|password|second-step|session|role|api-key|token|tariff|lock|owner|claim|sms)-|device-(revoked|claimed|key|renewed))/;
    const told = [...kinds].filter(([name, kind]) => !steps.includes(`JournalKinds.${name}`) && !elsewhere.test(kind)).map(([, kind]) => kind);
    expect(told.length).toBeGreaterThan(50);
    expect(wordless('console.what', told)).toEqual([]);
  });

  it('say nothing that no page says', () => {
    const pages = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((path) => /\.tsx?$/.test(path) && !path.startsWith('text/')).map((path) => readFileSync(`src/${path}`, 'utf8')).join('\n');
    // Of a key that is put together only the fixed part is known, and of a family of codes its name.
    const stems = [...pages.matchAll(/`([a-z]+\.[\w.-]*)\$\{/g)].map(([, stem = '']) => stem);
    const families = [/coded\('([\w.]+)'/g, /'(console\.[a-z]+)'/g].flatMap((named) => [...pages.matchAll(named)]).map(([, family = '']) => `${family}.`);
    const spoken = (key: string): boolean => pages.includes(`'${key}'`) || pages.includes(`'${key.replace(/\.(one|other)$/, '')}'`) || [...stems, ...families].some((stem) => key.startsWith(stem));
    expect(stems).not.toContain('console.');
    expect(Object.keys(english).filter((key) => !spoken(key))).toEqual([]);
  });
});
