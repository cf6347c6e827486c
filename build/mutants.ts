// npm run mutants: puts faults into the code, one at a time and in memory only, and expects a test to fail each time: the lines that confine the
// Electron shell, and each rule of each network's guard. A fault that no test tells is a failure. `-- --only NAME` does one set.
import { join } from 'node:path';
import { inspect } from 'node:util';
import { createVitest } from 'vitest/node';
import { guards } from './mutants/guards.ts';
import type { Mutant, Mutants } from './mutants/mutant.ts';
import { shell } from './mutants/shell.ts';
import { readOptions } from './options.ts';
import { failure, summary, total, type Outcome } from './report.ts';
import { root } from './step.ts';

/** Runs the tests of a set, each time with one mutant in place of its file's code; gives the first that failed, null when none did. */
async function startTests({ tests }: Mutants) {
  let mutant: Mutant | null = null;
  const vitest = await createVitest(
    'test',
    { watch: false, reporters: [{}], bail: 1, root, fsModuleCache: false },
    {
      plugins: [
        {
          name: 'mutant',
          enforce: 'pre',
          transform(source, id) {
            if (mutant === null || id !== join(root, mutant.file)) return null;
            const { at, code, instead } = mutant;
            return source.slice(0, at) + instead + source.slice(at + code.length);
          },
        },
      ],
    },
  );
  const specifications = await vitest.globTestSpecifications([...tests]);
  return {
    close: () => vitest.close(),
    async noticedBy(next: Mutant): Promise<string | null> {
      for (const { file } of [mutant ?? next, next]) vitest.invalidateFile(join(root, file));
      mutant = next;
      const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications, true);
      const failed = testModules.flatMap((module) => [...module.children.allTests('failed')]);
      const [broken] = [...testModules.flatMap((module) => module.errors()), ...unhandledErrors];
      return failed[0]?.fullName ?? (broken === undefined ? null : inspect(broken).split('\n', 1).join());
    },
  };
}

async function tryAll(set: Mutants): Promise<readonly Outcome[]> {
  const [first] = set.mutants;
  if (first === undefined) return [failure(set.name, 'has no mutants')];
  const tests = await startTests(set);
  try {
    // The control: with nothing taken out they pass, or every mutant would seem noticed.
    const fault = await tests.noticedBy({ ...first, instead: first.code });
    if (fault !== null) return [failure(`${set.name}: the code as it is`, fault)];
    const outcomes: Outcome[] = [];
    for (const mutant of set.mutants) {
      const code = mutant.code.replaceAll(/\s+/gu, ' ').trim();
      const name = `${mutant.file} without ${code}`;
      const test = await tests.noticedBy(mutant);
      console.log(`${test === null ? '✗' : '✓'} ${name}\n    ${test ?? 'no test noticed'}`);
      outcomes.push(
        test === null ? failure(name, 'no test noticed') : { passed: 1, failed: [], skipped: [] },
      );
    }
    return outcomes;
  } finally {
    await tests.close();
  }
}

const usage =
  'npm run mutants: takes what must hold out of the code, line by line, and expects a test to fail. --only shell, guard-email, guard-signal or guard-nostr.';
const values = readOptions(usage, { only: { type: 'string' } });
const sets = [shell, ...guards].filter(({ name }) => values.only === undefined || name === values.only);
const outcomes: Outcome[] = [];
for (const set of sets) outcomes.push(...(await tryAll(set)));
const sum = total(outcomes);
for (const { name, why } of sum.failed) console.log(`failed: ${name}: ${why}`);
console.log(summary(sum));
process.exitCode = sum.failed.length > 0 || sets.length === 0 ? 1 : 0;
