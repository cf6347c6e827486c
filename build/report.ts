import * as v from 'valibot';

/** What a test runner reported, in one shape. */
export type Outcome = {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly Skipped[];
};
export type Skipped = {
  readonly name: string;
  readonly reason: string;
  /** Playwright's project, null for unit tests. */
  readonly project: string | null;
};

/** A runner that left no report failed as a whole. */
export const noReport: Outcome = { passed: 0, failed: 1, skipped: [] };
const NO_REASON = 'no reason given';

const vitestSchema = v.object({
  testResults: v.array(
    v.object({
      name: v.string(),
      status: v.string(),
      assertionResults: v.array(v.object({ fullName: v.string(), status: v.string() })),
    }),
  ),
});

/** Reads vitest's JSON report. A file that failed before its first test counts as one failure. */
export function readVitest(json: unknown): Outcome {
  const { testResults } = v.parse(vitestSchema, json);
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const brokenFiles = testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  const passed = tests.filter(({ status }) => status === 'passed').length;
  const failed = tests.filter(({ status }) => status === 'failed').length;
  const others = tests.filter(({ status }) => status !== 'passed' && status !== 'failed');
  return {
    passed,
    failed: failed + brokenFiles.length,
    skipped: others.map(({ fullName }) => ({ name: fullName, reason: NO_REASON, project: null })),
  };
}

type Suite = {
  readonly title: string;
  readonly specs: readonly {
    readonly title: string;
    readonly tests: readonly {
      readonly projectName: string;
      readonly status: string;
      readonly annotations: readonly { readonly type: string; readonly description?: string | undefined }[];
    }[];
  }[];
  readonly suites?: readonly Suite[] | undefined;
};
const suiteSchema: v.GenericSchema<unknown, Suite> = v.object({
  title: v.string(),
  specs: v.array(
    v.object({
      title: v.string(),
      tests: v.array(
        v.object({
          projectName: v.string(),
          status: v.string(),
          annotations: v.array(v.object({ type: v.string(), description: v.optional(v.string()) })),
        }),
      ),
    }),
  ),
  suites: v.optional(v.array(v.lazy(() => suiteSchema))),
});
const playwrightSchema = v.object({ suites: v.array(suiteSchema), errors: v.array(v.unknown()) });

/** Reads Playwright's JSON report. An error outside any test counts as one failure; a flaky test is a failed one. */
export function readPlaywright(json: unknown): Outcome {
  const { suites, errors } = v.parse(playwrightSchema, json);
  let passed = 0;
  let failed = errors.length;
  const skipped: Skipped[] = [];
  const walk = (suite: Suite, path: readonly string[]): void => {
    const here = suite.title ? [...path, suite.title] : path;
    for (const spec of suite.specs)
      for (const test of spec.tests) {
        if (test.status === 'expected') passed += 1;
        else if (test.status === 'skipped')
          skipped.push({
            name: [...here, spec.title].join(' › '),
            reason: test.annotations.find(({ type }) => type === 'skip')?.description ?? NO_REASON,
            project: test.projectName,
          });
        else failed += 1;
      }
    for (const inner of suite.suites ?? []) walk(inner, here);
  };
  for (const suite of suites) walk(suite, []);
  return { passed, failed, skipped };
}

/** Adds outcomes up. */
export function total(outcomes: readonly Outcome[]): Outcome {
  return {
    passed: outcomes.reduce((sum, { passed }) => sum + passed, 0),
    failed: outcomes.reduce((sum, { failed }) => sum + failed, 0),
    skipped: outcomes.flatMap(({ skipped }) => skipped),
  };
}

/** Skips that count as failures where every part is expected to be there: all but those of real Electron. */
export function forbiddenSkips({ skipped }: Outcome): readonly Skipped[] {
  return skipped.filter(({ project }) => project !== 'electron');
}

/** The last line of a test run. */
export function summary({ passed, failed, skipped }: Outcome): string {
  return `${passed} passed, ${failed} failed, ${skipped.length} skipped`;
}
