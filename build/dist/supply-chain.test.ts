import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { root } from '../step.ts';
import { shippedPackages } from './app.ts';
import { isCompatible } from './licence.ts';
import { everyPackage, readLockfile } from './lockfile.ts';

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const manifest = v.parse(
  v.object({
    allowScripts: v.record(v.string(), v.boolean()),
    dependencies: v.record(v.string(), v.string()),
    devDependencies: v.record(v.string(), v.string()),
  }),
  JSON.parse(read('package.json')),
);
const lockfile = readLockfile();
const every = everyPackage(lockfile);

/** Packages with an install script, none of which runs but the pinned Node's (`npm ci --ignore-scripts`, then `npm rebuild node`). */
const withScripts: Readonly<Record<string, string>> = {
  '@bufbuild/buf': 'checks that its program came; it did, as a package',
  '@signalapp/libsignal-client': 'prints a line',
  'electron-winstaller': 'picks an archiver for Squirrel, which we do not make',
  node: 'links the pinned Node',
};

describe('the lockfile', () => {
  it('pins each package by the hash of its archive and names no registry', () => {
    for (const { path, integrity } of every) expect(integrity, path).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
    expect(Object.values(lockfile.packages).filter(({ resolved }) => resolved !== undefined)).toEqual([]);
    expect(read('package-lock.json')).not.toMatch(/https?:\/\/[^"]*\.tgz/);
  });
  it('holds versions that package.json names exactly', () => {
    for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
      expect(version, name).toMatch(/^(npm:[\w@/-]+@)?\d+\.\d+\.\d+$/);
      expect(lockfile.packages[`node_modules/${name}`]?.version, name).toBe(
        version.slice(version.lastIndexOf('@') + 1),
      );
    }
  });
});

describe('install scripts', () => {
  it('are in packages that are known for them', () => {
    const found = every.filter(({ hasInstallScript }) => hasInstallScript).map(({ name }) => name);
    expect([...new Set(found)].toSorted()).toEqual(Object.keys(withScripts));
  });
  it('run for the pinned Node only', () => {
    expect(manifest.allowScripts).toEqual({ node: true });
    expect(read('build/setup.mjs')).toContain("['ci', '--ignore-scripts']");
  });
});

describe('docs/dependencies.md', () => {
  type Row = { readonly name: string; readonly why: string; readonly licence: string };
  const sections = read('docs/dependencies.md').split(/^## /m);
  const rowsOf = (title: string): readonly Row[] =>
    (sections.find((section) => section.startsWith(title)) ?? '')
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .filter((cells) => cells.length === 5 && cells[1] !== 'Package' && !/^-+$/.test(cells[1] ?? ''))
      .flatMap(([, names = '', why = '', licence = '']) =>
        names.split(', ').map((name) => ({ name: name.replace(/ \(.*\)$/, ''), why, licence })),
      );
  const program = rowsOf('The program');
  const building = rowsOf('Building and testing');

  it('lists what package.json has, and why', () => {
    expect(program.map(({ name }) => name).toSorted()).toEqual(Object.keys(manifest.dependencies).toSorted());
    expect(building.map(({ name }) => name).toSorted()).toEqual(
      Object.keys(manifest.devDependencies).toSorted(),
    );
    for (const { name, why } of [...program, ...building]) expect(why, name).not.toBe('');
  });
  it('states the licence each package states', () => {
    // "Apache-2.0 and BSD-3-Clause" reads better than the expression.
    const plain = (expression: string | null): string =>
      (expression ?? '').replaceAll(/[()]/g, '').replaceAll(' AND ', ' and ').replaceAll(' OR ', ' or ');
    for (const { name, licence } of [...program, ...building])
      expect(licence, name).toBe(plain(lockfile.packages[`node_modules/${name}`]?.license ?? null));
  });
});

describe('licences', () => {
  it('of everything shipped may be in a program under AGPL-3.0-only', () => {
    const refused = shippedPackages(lockfile).filter(({ licence }) => !isCompatible(licence));
    expect(refused).toEqual([]);
  });
  it('of everything npm installs without --include=dev too, but for one that is only read while building', () => {
    const production = Object.entries(lockfile.packages).filter(([path, { dev }]) => path !== '' && !dev);
    const refused = production
      .filter(([, { license }]) => !isCompatible(license ?? null))
      .map(([path]) => path);
    // Browser figures under CC-BY-4.0: a peer of Lingui's macro, which we do not use.
    expect(refused).toEqual(['node_modules/caniuse-lite']);
  });
});
