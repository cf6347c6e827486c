import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

/** Tests that start programs, keep a page's state, or put something in a package's place: each file in a process of its own. */
const apart = '{worker,browser,electron,networks/email,e2e/peers,e2e/crash,e2e/model}';
/** All others share their worker's process: starting one for each file took as long as the tests. */
const together = '{shared,storage,crypto,networks/nostr,networks/signal,build,renderer}';

export default defineConfig({
  plugins: [react()],
  test: {
    environment: 'node',
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
    coverage: { provider: 'v8', reporter: ['text-summary', 'json-summary'] },
    projects: [
      {
        extends: true,
        test: { name: 'apart', include: [`${apart}/**/*.test.{ts,tsx}`], benchmark: { include: [] } },
      },
      {
        extends: true,
        test: {
          name: 'together',
          include: [`${together}/**/*.test.{ts,tsx}`, 'networks/*.test.ts'],
          isolate: false,
        },
      },
    ],
  },
});
