// npm test: format, types, lint, unused code, unit and integration tests, the app as a person uses it. The last line is
// the sum of all of them.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChecks } from './checks.ts';
import {
  failure,
  forbiddenSkips,
  readPlaywright,
  readVitest,
  summary,
  total,
  type Outcome,
} from './report.ts';
import { printStep, runStep, type Step, type StepResult } from './step.ts';

const folder = mkdtempSync(join(tmpdir(), 'plainseal-report-'));
const vitestReport = join(folder, 'vitest.json');
const playwrightReport = join(folder, 'playwright.json');

const asOutcome = ({ ok, name, output }: StepResult): Outcome =>
  ok ? { passed: 1, failed: [], skipped: [] } : failure(name, output);

/** Runs a test runner and reads its report; a runner that fails while its report is clean failed as a whole. */
async function runTests(step: Step, report: string, read: (json: unknown) => Outcome): Promise<Outcome> {
  const result = await runStep({ ...step, live: true });
  printStep(result);
  try {
    const outcome = read(JSON.parse(readFileSync(report, 'utf8')));
    const told = result.ok || outcome.failed.length > 0;
    return told
      ? outcome
      : total([outcome, failure(step.name, 'the runner failed, its report names no test')]);
  } catch {
    return failure(step.name, 'no report was left');
  }
}

const outcomes: Outcome[] = [];
try {
  outcomes.push(...(await runChecks()).map(asOutcome));
  outcomes.push(
    await runTests(
      {
        name: 'unit and integration tests',
        script: 'node_modules/vitest/vitest.mjs',
        args: ['run', '--reporter=dot', '--reporter=json', `--outputFile.json=${vitestReport}`],
      },
      vitestReport,
      readVitest,
    ),
  );
  const built = await runStep({
    name: 'build',
    script: 'node_modules/electron-vite/bin/electron-vite.js',
    args: ['build', '--logLevel', 'warn'],
  });
  printStep(built);
  outcomes.push(asOutcome(built));
  if (built.ok)
    outcomes.push(
      await runTests(
        {
          name: 'the app as a person uses it',
          script: 'node_modules/@playwright/test/cli.js',
          args: ['test', '--config', 'e2e/playwright.config.ts', '--reporter=list,json'],
          env: { PLAYWRIGHT_JSON_OUTPUT_NAME: playwrightReport },
        },
        playwrightReport,
        readPlaywright,
      ),
    );
} finally {
  rmSync(folder, { recursive: true });
}

const sum = total(outcomes);
const missing = process.env.CI ? forbiddenSkips(sum) : [];
for (const { name, reason } of sum.skipped) console.log(`skipped: ${name} — ${reason}`);
for (const { name, why } of sum.failed) console.log(`failed: ${name}\n${why.replace(/^/gmu, '  ')}`);
if (missing.length > 0) console.log(`${missing.length} skipped that must run here`);
console.log(summary(sum));
process.exitCode = sum.failed.length > 0 || missing.length > 0 || sum.passed === 0 ? 1 : 0;
