import { describe, expect, it } from 'vitest';
import { forbiddenSkips, readPlaywright, readVitest, summary, total } from './report.ts';

const vitest = {
  testResults: [
    {
      name: 'a.test.ts',
      status: 'failed',
      assertionResults: [
        { fullName: 'a works', status: 'passed' },
        {
          fullName: 'a breaks',
          status: 'failed',
          failureMessages: ['\u001B[31mexpected 1\u001B[39m\n' + 'at\n'.repeat(50)],
        },
        { fullName: 'a waits', status: 'skipped' },
        { fullName: 'a is planned', status: 'todo' },
      ],
    },
    { name: '/x/broken.test.ts', status: 'failed', message: 'no such module', assertionResults: [] },
  ],
};
const test = (status: string, projectName = 'browser', description?: string) => ({
  projectName,
  status,
  annotations: description === undefined ? [] : [{ type: 'skip', description }],
  results: status === 'unexpected' ? [{ errors: [{ message: 'timed out' }] }] : [{ errors: [] }],
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
    expect(outcome.passed).toBe(1);
    expect(outcome.failed.map(({ name }) => name)).toEqual(['a.test.ts › a breaks', 'broken.test.ts']);
    expect(outcome.failed[0]?.why.split('\n')).toHaveLength(12);
    expect(outcome.failed[0]?.why).toMatch(/^expected 1\nat/u);
    expect(outcome.failed[1]?.why).toBe('no such module');
    expect(outcome.skipped.map(({ name }) => name)).toEqual(['a waits', 'a is planned']);
  });

  it('reads playwright, counting errors outside tests and flaky tests as failures', () => {
    const outcome = readPlaywright(playwright);
    expect(outcome.passed).toBe(1);
    expect(outcome.failed).toEqual([
      { name: 'outside any test', why: 'set-up failed' },
      { name: 'a.spec.ts › inner › two', why: '' },
      { name: 'a.spec.ts › inner › two', why: 'timed out' },
    ]);
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
