import { execFile } from 'node:child_process';
import { expect, test } from 'vitest';

const code = `
  import { readOptions } from ${JSON.stringify(new URL('options.ts', import.meta.url).href)};
  console.log(JSON.stringify(readOptions('npm run it: does it.', { only: { type: 'string' } })));
`;

const run = (...options: readonly string[]) =>
  new Promise<{ readonly code: number; readonly out: string; readonly err: string }>((resolve) => {
    const quiet = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', code, '--'];
    const child = execFile(process.execPath, [...quiet, ...options], (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });

test('a command says what it does when asked, and names what it does not know', async () => {
  const [help, given, unknown, missing] = await Promise.all([
    run('--help'),
    run('--only', 'one'),
    run('--nope'),
    run('--only'),
  ]);
  expect(help).toEqual({ code: 0, out: 'npm run it: does it.\n', err: '' });
  expect(JSON.parse(given.out)).toEqual({ only: 'one' });
  expect(unknown).toMatchObject({ code: 2, out: '' });
  expect(unknown.err).toMatch(/'--nope'.*\nnpm run it: does it\.\n$/u);
  expect(missing).toMatchObject({ code: 2, out: '' });
  expect(missing.err).toMatch(/--only.*\nnpm run it: does it\.\n$/u);
});
