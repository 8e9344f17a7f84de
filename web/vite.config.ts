import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { compressed, keptFiles } from './build-offline.ts';

// While developing, the API is the server on this machine; in production both come from one origin.
const server = 'http://127.0.0.1:5080';

export default defineConfig({
  plugins: [react(), keptFiles(), compressed()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    reportCompressedSize: true,
    rollupOptions: {
      input: { index: 'index.html', sw: 'src/offline/sw.ts' },
      // A service worker is known by its address, and may look after nothing above it.
      output: { entryFileNames: (chunk) => (chunk.name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js') },
    },
  },
  worker: { format: 'es' },
  server: { proxy: { '/api': server, '/docs': server, '/openapi': server } },
});
