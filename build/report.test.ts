import { describe, expect, it } from 'vitest';
import { forbiddenSkips, readPlaywright, readVitest, summary, total } from './report.ts';

const vitest = {
  testResults: [
    {
      name: 'a.test.ts',
      status: 'failed',
      assertionResults: [
        { fullName: 'a works', status: 'passed' },
        { fullName: 'a breaks', status: 'failed' },
        { fullName: 'a waits', status: 'skipped' },
        { fullName: 'a is planned', status: 'todo' },
      ],
    },
    { name: 'broken.test.ts', status: 'failed', assertionResults: [] },
  ],
};
const test = (status: string, projectName = 'browser', description?: string) => ({
  projectName,
  status,
  annotations: description === undefined ? [] : [{ type: 'skip', description }],
});
const playwright = {
  errors: [{ message: 'set-up failed' }],
  suites: [
    {
      title: 'a.spec.ts',
      specs: [{ title: 'one', tests: [test('expected'), test('skipped', 'electron', 'no binary')] }],
      suites: [{ title: 'inner', specs: [{ title: 'two', tests: [test('flaky'), test('unexpected')] }] }],
    },
  ],
};

describe('reports', () => {
  it('reads vitest, counting a file that broke before its tests', () => {
    const outcome = readVitest(vitest);
    expect([outcome.passed, outcome.failed]).toEqual([1, 2]);
    expect(outcome.skipped.map(({ name }) => name)).toEqual(['a waits', 'a is planned']);
  });

  it('reads playwright, counting errors outside tests and flaky tests as failures', () => {
    const outcome = readPlaywright(playwright);
    expect([outcome.passed, outcome.failed]).toEqual([1, 3]);
    expect(outcome.skipped).toEqual([{ name: 'a.spec.ts › one', reason: 'no binary', project: 'electron' }]);
  });

  it('sums up in one line, and lets only Electron skip', () => {
    const sum = total([readVitest(vitest), readPlaywright(playwright)]);
    expect(summary(sum)).toBe('2 passed, 5 failed, 3 skipped');
    expect(forbiddenSkips(sum).map(({ name }) => name)).toEqual(['a waits', 'a is planned']);
  });

  it('refuses what is no report', () => {
    for (const json of [null, {}, [], { testResults: 3 }, 'passed']) {
      expect(() => readVitest(json)).toThrow();
      expect(() => readPlaywright(json)).toThrow();
    }
  });
});
