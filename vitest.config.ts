import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [react()],
  test: {
    include: [
      '{shared,storage,crypto,networks,worker,browser,electron,build,renderer,e2e/peers,e2e/crash}/**/*.test.{ts,tsx}',
    ],
    environment: 'node',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
    coverage: { provider: 'v8', reporter: ['text-summary', 'json-summary'] },
  },
});
