import { describe, expect, it } from 'vitest';
import { closure, type Lockfile, readLockfile } from './lockfile.ts';

type Entry = Lockfile['packages'][string];
const entry = (
  version: string,
  dependencies: Record<string, string> = {},
  more: Partial<Entry> = {},
): Entry => ({
  version,
  license: 'MIT',
  integrity: `sha512-${version}`,
  dev: false,
  hasInstallScript: false,
  dependencies,
  optionalDependencies: {},
  ...more,
});
const lockfile: Lockfile = {
  lockfileVersion: 3,
  packages: {
    '': entry('0'),
    'node_modules/a': entry('1', { b: '2', c: '1' }),
    'node_modules/a/node_modules/b': entry('2', { c: '1' }),
    'node_modules/b': entry('1'),
    'node_modules/c': entry('1', { a: '1' }),
    'node_modules/@d/e': entry('1', {}, { optionalDependencies: { absent: '1', b: '1' } }),
    'node_modules/alias': entry('3', {}, { name: 'real' }),
    'node_modules/unused': entry('1'),
  },
};
const paths = (names: readonly string[]): readonly string[] =>
  closure(lockfile, names).map(({ path }) => path);

describe('what a package needs', () => {
  it('is found where Node finds it, in a ring as well', () => {
    expect(paths(['a'])).toEqual(['node_modules/a', 'node_modules/a/node_modules/b', 'node_modules/c']);
  });
  it('may lack what is optional', () => {
    expect(paths(['@d/e'])).toEqual(['node_modules/@d/e', 'node_modules/b']);
  });
  it('is not what is never loaded', () => {
    expect(closure(lockfile, ['a'], new Set(['b'])).map(({ path }) => path)).toEqual([
      'node_modules/a',
      'node_modules/c',
    ]);
  });
  it('bears its real name', () => {
    expect(closure(lockfile, ['alias'])[0]?.name).toBe('real');
  });
  it('must be there', () => {
    expect(() => paths(['absent'])).toThrow('absent is not in the lockfile');
  });
  it('is read from the project as it is', () => {
    const names = closure(readLockfile(), ['better-sqlite3', '@signalapp/libsignal-client']).map(
      ({ name }) => name,
    );
    expect(names).toContain('better-sqlite3-multiple-ciphers');
    expect(names).toContain('node-gyp-build');
    expect(names).not.toContain('electron');
  });
});
