import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import type { Plugin, Rollup } from 'vite';

/** What most customers never open: it is fetched when it is, and kept from then on. */
const rare = /(BankPage|jsQR|OutboxPage|UndeliveredPage|OwnersPage|PlacesPage)/;
/** Of the fonts only the one that every page needs; that of another script is kept once a page has used it. */
const font = /inter-latin-wght-normal.*\.woff2$/;
const fixed = ['/', '/theme.js', '/mark.svg', '/icon-192.png', '/manifest.webmanifest'];

/** Writes into the service worker which files it keeps. */
export function keptFiles(): Plugin {
  return {
    name: 'latchkey-kept-files',
    // After Vite has taken out the chunks of which nothing but styles is left.
    enforce: 'post',
    generateBundle(_options, bundle) {
      const worker = bundle['sw.js'];
      if (worker?.type !== 'chunk') throw new Error('The service worker is missing from the build.');
      if (worker.imports.length > 0) throw new Error('The service worker must be one file.');
      const own = Object.values(bundle).filter((file) => file !== worker && wanted(file)).map((file) => `/${file.fileName}`).sort();
      const version = createHash('sha256');
      for (const path of own) version.update(path); // each name carries a hash of what is in the file
      for (const name of readdirSync('public').sort()) version.update(name).update(readFileSync(join('public', name)));
      version.update(readFileSync('index.html'));
      worker.code = worker.code
        .replace(/(["'`])__FILES__\1/, [...fixed, ...own].map((path) => JSON.stringify(path)).join(','))
        .replace('__VERSION__', version.digest('hex').slice(0, 16));
    },
  };
}

function wanted(file: Rollup.OutputAsset | Rollup.OutputChunk): boolean {
  if (rare.test(file.fileName)) return false;
  // A style that several rare pages share makes a chunk without a program, which the bundler takes away again.
  if (file.type === 'chunk' && !file.isEntry && Object.keys(file.modules).every((module) => module.split('?')[0]?.endsWith('.css') === true)) return false;
  return /\.(js|css)$/.test(file.fileName) || font.test(file.fileName);
}

/** Puts a compressed copy beside each text that is worth it: the server has only to send it. */
export function compressed(): Plugin {
  return {
    name: 'latchkey-compressed',
    writeBundle({ dir = 'dist' }) {
      for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath, entry.name);
        if (!entry.isFile() || !['.js', '.css', '.html', '.svg', '.webmanifest'].includes(extname(path))) continue;
        const text = readFileSync(path);
        if (text.length < 1000) continue;
        writeFileSync(`${path}.gz`, gzipSync(text, { level: 9 }));
        writeFileSync(`${path}.br`, brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
      }
    },
  };
}
