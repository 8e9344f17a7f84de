import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// While developing, the API is the server on this machine; in production both come from one origin.
const server = 'http://127.0.0.1:5080';

export default defineConfig({
  plugins: [react()],
  build: { target: 'es2022', assetsInlineLimit: 0, reportCompressedSize: true },
  worker: { format: 'es' },
  server: { proxy: { '/api': server, '/docs': server, '/openapi': server } },
});
