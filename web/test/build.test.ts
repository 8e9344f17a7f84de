import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { brotliCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

/** What the build has written. Tests of the pages run on it, so it is there. */
const dist = 'dist';
const text = (name: string): string => readFileSync(`${dist}/${name}`, 'utf8');

/** A file with all that it names in a plain import, as the browser fetches them before the first page is drawn. */
function needed(name: string, found = new Set<string>()): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  for (const [, other = ''] of text(`assets/${name}`).matchAll(/(?:from|import)\s*["'`]\.\/([\w.-]+\.js)["'`]/g)) needed(other, found);
  return found;
}

describe.skipIf(!existsSync(`${dist}/sw.js`))('the build', () => {
  const [, entry = ''] = /src="\/assets\/([\w.-]+\.js)"/.exec(text('index.html')) ?? [];
  const first = [...needed(entry)];

  it('loads less than 200 kB of compressed script before the first page', () => {
    const bytes = first.reduce((sum, name) => sum + brotliCompressSync(readFileSync(`${dist}/assets/${name}`)).length, 0);
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThan(200_000);
  });

  it('leaves what few people need for when they need it', () => {
    expect(first.filter((name) => /three|chart|jsQR|BankPage|Console|OwnersPage/i.test(name))).toEqual([]);
    expect(first.some((name) => /WebGLRenderer/.test(text(`assets/${name}`)))).toBe(false);
  });

  it('keeps every file of the first page, and of no bank', () => {
    const kept = text('sw.js');
    for (const name of first) expect(kept).toContain(`/assets/${name}`);
    expect(kept).toContain('/assets/hi-');
    expect(kept).not.toContain('BankPage');
    expect(kept).not.toContain('__FILES__');
    expect(kept).not.toContain('__VERSION__');
    for (const [, path = ''] of kept.matchAll(/"(\/[\w./-]*)"/g)) if (path !== '/') expect(existsSync(dist + path), path).toBe(true);
  });

  it('has a compressed copy beside each large text', () => {
    const files = readdirSync(`${dist}/assets`);
    for (const name of files.filter((each) => each.endsWith('.js') && readFileSync(`${dist}/assets/${each}`).length >= 1000)) {
      expect(files).toContain(`${name}.br`);
      expect(files).toContain(`${name}.gz`);
    }
  });
});
