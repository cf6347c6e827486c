import { basename } from 'node:path';
import * as v from 'valibot';

/** What a test runner reported, in one shape. */
export type Outcome = {
  readonly passed: number;
  readonly failed: readonly Failed[];
  readonly skipped: readonly Skipped[];
};
/** One failure and the beginning of what it said: the end of a long run is often all that is kept of it. */
export type Failed = { readonly name: string; readonly why: string };
export type Skipped = {
  readonly name: string;
  readonly reason: string;
  /** Playwright's project, null for unit tests. */
  readonly project: string | null;
};

const NO_REASON = 'no reason given';
const WHY_LINES = 12;
const ANSI_COLOUR = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'gu');

/** A step that failed as a whole. */
export const failure = (name: string, why: string): Outcome => ({
  passed: 0,
  failed: [{ name, why: why.replace(ANSI_COLOUR, '').trim().split('\n').slice(0, WHY_LINES).join('\n') }],
  skipped: [],
});

const vitestSchema = v.object({
  testResults: v.array(
    v.object({
      name: v.string(),
      status: v.string(),
      message: v.optional(v.string(), ''),
      assertionResults: v.array(
        v.object({
          fullName: v.string(),
          status: v.string(),
          failureMessages: v.optional(v.nullable(v.array(v.string()))),
        }),
      ),
    }),
  ),
});

/** Reads vitest's JSON report. A file that failed before its first test counts as one failure. */
export function readVitest(json: unknown): Outcome {
  const { testResults } = v.parse(vitestSchema, json);
  return total(
    testResults.flatMap(({ name: file, status, message, assertionResults }) => {
      const tests = assertionResults.map((test): Outcome => {
        if (test.status === 'passed') return { passed: 1, failed: [], skipped: [] };
        if (test.status === 'failed')
          return failure(`${basename(file)} › ${test.fullName}`, test.failureMessages?.join('\n') ?? '');
        const skipped = { name: test.fullName, reason: NO_REASON, project: null };
        return { passed: 0, failed: [], skipped: [skipped] };
      });
      const broken = status === 'failed' && !tests.some(({ failed }) => failed.length > 0);
      return broken ? [...tests, failure(basename(file), message)] : tests;
    }),
  );
}

type Fault = { readonly message?: string | undefined };
type Suite = {
  readonly title: string;
  readonly specs: readonly {
    readonly title: string;
    readonly tests: readonly {
      readonly projectName: string;
      readonly status: string;
      readonly annotations: readonly { readonly type: string; readonly description?: string | undefined }[];
      readonly results: readonly { readonly errors: readonly Fault[] }[];
    }[];
  }[];
  readonly suites?: readonly Suite[] | undefined;
};
const faultSchema = v.object({ message: v.optional(v.string()) });
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
          results: v.array(v.object({ errors: v.array(faultSchema) })),
        }),
      ),
    }),
  ),
  suites: v.optional(v.array(v.lazy(() => suiteSchema))),
});
const playwrightSchema = v.object({ suites: v.array(suiteSchema), errors: v.array(faultSchema) });

/** Reads Playwright's JSON report. An error outside any test counts as one failure; a flaky test is a failed one. */
export function readPlaywright(json: unknown): Outcome {
  const { suites, errors } = v.parse(playwrightSchema, json);
  const said = (faults: readonly Fault[]): string => faults.map(({ message }) => message ?? '').join('\n');
  const read = (suite: Suite, path: readonly string[]): Outcome => {
    const here = suite.title ? [...path, suite.title] : path;
    const tests = suite.specs.flatMap((spec) =>
      spec.tests.map((test): Outcome => {
        const name = [...here, spec.title].join(' › ');
        if (test.status === 'expected') return { passed: 1, failed: [], skipped: [] };
        if (test.status !== 'skipped')
          return failure(name, said(test.results.flatMap((result) => result.errors)));
        const reason = test.annotations.find(({ type }) => type === 'skip')?.description ?? NO_REASON;
        return { passed: 0, failed: [], skipped: [{ name, reason, project: test.projectName }] };
      }),
    );
    return total([...tests, ...(suite.suites ?? []).map((inner) => read(inner, here))]);
  };
  return total([
    ...errors.map((error) => failure('outside any test', said([error]))),
    ...suites.map((suite) => read(suite, [])),
  ]);
}

/** Adds outcomes up. */
export function total(outcomes: readonly Outcome[]): Outcome {
  return {
    passed: outcomes.reduce((sum, { passed }) => sum + passed, 0),
    failed: outcomes.flatMap(({ failed }) => failed),
    skipped: outcomes.flatMap(({ skipped }) => skipped),
  };
}

/** Skips that count as failures where every part is expected to be there: all but those of real Electron. */
export function forbiddenSkips({ skipped }: Outcome): readonly Skipped[] {
  return skipped.filter(({ project }) => project !== 'electron');
}

/** The last line of a test run. */
export function summary({ passed, failed, skipped }: Outcome): string {
  return `${passed} passed, ${failed.length} failed, ${skipped.length} skipped`;
}
