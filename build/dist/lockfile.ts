import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { root } from '../step.ts';

const dependenciesSchema = v.optional(v.record(v.string(), v.string()), {});
const entrySchema = v.object({
  /** Real name, where the folder has another (an alias). */
  name: v.optional(v.string()),
  version: v.optional(v.string()),
  license: v.optional(v.string()),
  integrity: v.optional(v.string()),
  resolved: v.optional(v.string()),
  dev: v.optional(v.boolean(), false),
  hasInstallScript: v.optional(v.boolean(), false),
  dependencies: dependenciesSchema,
  optionalDependencies: dependenciesSchema,
});
const lockfileSchema = v.object({
  lockfileVersion: v.literal(3),
  packages: v.record(v.string(), entrySchema),
});

/** npm's lockfile: each package by the folder it is installed in, the project itself as ''. */
export type Lockfile = v.InferOutput<typeof lockfileSchema>;
type Entry = v.InferOutput<typeof entrySchema>;

/** An installed package. `path`: its folder below the project. */
export type Package = {
  readonly path: string;
  readonly name: string;
  readonly version: string;
  /** SPDX expression as the package states it, null where it states none. */
  readonly licence: string | null;
  /** Hash of its archive, as the registry named it. */
  readonly integrity: string;
};

/** Reads the project's lockfile. @throws valibot's error for one of another version. */
export function readLockfile(file = join(root, 'package-lock.json')): Lockfile {
  return v.parse(lockfileSchema, JSON.parse(readFileSync(file, 'utf8')));
}

/** Every package in the lockfile under its real name, by path. */
export function everyPackage({ packages }: Lockfile): readonly (Package & Pick<Entry, 'hasInstallScript'>)[] {
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, entry]) => ({ ...asPackage(path, entry), hasInstallScript: entry.hasInstallScript }));
}

/**
 * The packages that `names` need to run, and what those need, as Node would find them. Peers are left out: what a peer is
 * for, the program names itself. `without`: packages that are named as needed and never loaded.
 * @throws Error for a name that is not installed.
 */
export function closure(
  lockfile: Lockfile,
  names: readonly string[],
  without: ReadonlySet<string> = new Set(),
): readonly Package[] {
  const found = new Map<string, Package>();
  const visit = (name: string, from: string, optional: boolean): void => {
    if (without.has(name)) return;
    const path = resolve(lockfile, name, from);
    const entry = path === null ? undefined : lockfile.packages[path];
    if (path === null || !entry) {
      if (optional) return;
      throw new Error(`${name} is not in the lockfile`);
    }
    if (found.has(path)) return;
    found.set(path, asPackage(path, entry));
    for (const needed of Object.keys(entry.dependencies)) visit(needed, path, false);
    for (const needed of Object.keys(entry.optionalDependencies)) visit(needed, path, true);
  };
  for (const name of names) visit(name, '', false);
  return [...found.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Where Node finds `name` from a package's folder: its own node_modules first, then each one further up. */
function resolve({ packages }: Lockfile, name: string, from: string): string | null {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const path = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (packages[path]) return path;
    if (folder === '') return null;
  }
}

function asPackage(path: string, { name, version, license, integrity }: Entry): Package {
  return {
    path,
    name: name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
    version: version ?? '',
    licence: license ?? null,
    integrity: integrity ?? '',
  };
}
