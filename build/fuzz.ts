// npm run fuzz: what `npm test` tries some thousands of times, a million times; and floods ten times as long.
import { printStep, runStep, type Step } from './step.ts';

const vitest = 'node_modules/vitest/vitest.mjs';
const steps: readonly Step[] = [
  {
    name: 'a million malformed calls from the page',
    script: vitest,
    args: ['run', 'electron/hardening.test.ts', '--reporter=verbose', '-t', 'may be anything at all'],
    env: { FUZZ_CALLS: '1000000' },
    live: true,
  },
  {
    name: 'a million hurried acts',
    script: vitest,
    args: ['run', 'e2e/model', '--reporter=verbose', '-t', 'AT-62'],
    env: { FUZZ_ACTIONS: '1000000' },
    live: true,
  },
  {
    name: 'floods of a hundred thousand',
    script: vitest,
    args: [
      'run',
      'worker/core/commit/commit.test.ts',
      'worker/core/flood.test.ts',
      '--reporter=verbose',
      '-t',
      'AT-59',
    ],
    env: { FLOOD: '100000' },
    live: true,
  },
];

for (const step of steps) {
  const result = await runStep(step);
  printStep(result);
  if (!result.ok) process.exitCode = 1;
}
