import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { root } from '../step.ts';
import { directDependencies, identity } from './identity.ts';
import { closure, type Lockfile, type Package } from './lockfile.ts';
import { isNativeOf, type Target } from './target.ts';

/** What runs or is read when the program runs; sources, types, maps and papers of packages stay behind. */
const runnable = new Set(['.js', '.cjs', '.mjs', '.json', '.wasm']);
/** Folders of packages that hold their tests and papers. */
const apart = new Set(['test', 'tests', 'bench', 'benchmarks', 'docs', 'examples', 'fixtures']);
/** Builds for browsers, old bundlers and people who debug the package; and the sources of what comes built. */
const leftOut: Readonly<Record<string, RegExp>> = {
  openpgp: /^(lightweight\/|dist\/lightweight\/|dist\/openpgp\.|dist\/node\/.*\.min\.|dist\/node\/.*\.cjs)/,
  'better-sqlite3-multiple-ciphers': /^(deps|src)\//,
};

/** Named as needed by others, for building with them or for their types; no running program loads them. */
const neverLoaded = new Set(['@lingui/babel-plugin-lingui-macro', 'node-addon-api', 'type-fest']);

/** Everything that may be in a package, in the page or beside it. */
export const shippedPackages = (lockfile: Lockfile): readonly Package[] =>
  closure(lockfile, directDependencies, neverLoaded);

/** Packages that code of ours imports by name, from the built files' text. Node's own and Electron are none. */
export function importedPackages(code: string): readonly string[] {
  const found = [
    ...code.matchAll(/^(?:import|export)\b[^'"\n]*['"]([^'"\n]+)['"]/gm),
    ...code.matchAll(/\b(?:import|require)\(['"]([^'"\n]+)['"]\)/g),
  ].flatMap(([, name]) => (name === undefined ? [] : [name]));
  const packages = found
    .filter((name) => !name.startsWith('.') && !name.startsWith('node:') && name !== 'electron')
    .map((name) =>
      name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/'),
    )
    .filter((name) => !builtinModules.includes(name));
  return [...new Set(packages)].toSorted();
}

/** Whether a file of a package travels to a target. `file`: its path in the package, with slashes. */
export function travels(name: string, file: string, target: Target): boolean {
  if (leftOut[name]?.test(file)) return false;
  if (
    file
      .split('/')
      .slice(0, -1)
      .some((folder) => apart.has(folder))
  )
    return false;
  if (extname(file) === '.node') return isNativeOf(file, target);
  return runnable.has(extname(file));
}

/** The packages that the built Node programs run with; the page carries its own inside. */
export function programPackages(lockfile: Lockfile): readonly Package[] {
  const code = globSync('out/{main,preload}/*.{js,cjs}', { cwd: root }).map((file) =>
    readFileSync(join(root, file), 'utf8'),
  );
  return closure(lockfile, importedPackages(code.join('\n')), neverLoaded);
}

/**
 * Lays out the application's folder for a target: what was built, a manifest, and of each package what runs there.
 * @param folder is made anew.
 */
export function layOutApp(folder: string, target: Target, lockfile: Lockfile): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const manifest = {
    name: identity.executable,
    productName: identity.product,
    version: identity.version,
    description: identity.description,
    license: identity.licence,
    homepage: identity.homepage,
    author: identity.maintainer,
    // The name by which a desktop knows that a window is ours.
    desktopName: `${identity.id}.desktop`,
    type: 'module',
    main: 'out/main/main.js',
  };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const part of ['main', 'preload', 'page'])
    cpSync(join(root, 'out', part), join(folder, 'out', part), { recursive: true });
  for (const { path, name } of programPackages(lockfile))
    for (const file of filesOf(join(root, path)))
      if (travels(name, file, target)) {
        const to = join(folder, path, file);
        mkdirSync(dirname(to), { recursive: true });
        cpSync(join(root, path, file), to);
      }
}

/** A package's own files by their paths in it; packages inside it are others. */
function filesOf(folder: string): readonly string[] {
  return globSync('**/*', {
    cwd: folder,
    withFileTypes: true,
    exclude: (entry) => entry.name === 'node_modules',
  })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .toSorted();
}
