// npm run fuzz: what `npm test` tries with thousands of malformed calls from the page, with a million.
import { printStep, runStep } from './step.ts';

const result = await runStep({
  name: 'a million malformed calls',
  script: 'node_modules/vitest/vitest.mjs',
  args: ['run', 'electron/hardening.test.ts', '--reporter=verbose', '-t', 'may be anything at all'],
  env: { FUZZ_CALLS: '1000000' },
  live: true,
});
printStep(result);
process.exitCode = result.ok ? 0 : 1;
