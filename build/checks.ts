import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { printStep, root, runStep, type Step, type StepResult } from './step.ts';

/** Folders whose sources are linted. Named, so that a stray folder is seen by nobody rather than by accident. */
const folders = [
  'shared',
  'storage',
  'crypto',
  'networks',
  'worker',
  'renderer',
  'browser',
  'electron',
  'e2e',
  'build',
];

const steps: readonly Step[] = [
  {
    name: 'format',
    script: 'node_modules/prettier/bin/prettier.cjs',
    // Unchanged files are known by their content: a second run reads them and no more.
    args: [
      '--check',
      '--log-level=warn',
      '--cache',
      '--cache-strategy=content',
      '--cache-location=node_modules/.cache/prettier/checked.json',
      '.',
    ],
  },
  { name: 'types', script: 'node_modules/typescript/bin/tsc', args: ['-b'] },
  {
    name: 'lint',
    script: 'node_modules/oxlint/bin/oxlint',
    args: ['--type-aware', '--deny-warnings', ...folders.filter((folder) => existsSync(join(root, folder)))],
  },
  {
    name: 'unused',
    script: 'node_modules/knip/bin/knip.js',
    args: ['--no-progress', '--cache', '--cache-location=node_modules/.cache/knip'],
  },
];

/** Format, types, lint and unused code, all at once; prints each as it ends. */
export function runChecks(): Promise<readonly StepResult[]> {
  return Promise.all(
    steps.map(async (step) => {
      const result = await runStep(step);
      printStep(result);
      return result;
    }),
  );
}
