import { extname } from 'node:path';
import type { Package } from './lockfile.ts';
import { isNativeOf, nativeNames, type Target } from './target.ts';

/** Kinds of files that only those need who build or read the program. */
const sources = new Set([
  '.ts',
  '.tsx',
  '.mts',
  '.cts',
  '.map',
  '.md',
  '.c',
  '.cc',
  '.cpp',
  '.h',
  '.hpp',
  '.gyp',
  '.gypi',
  '.proto',
  '.test',
]);
const testFolders = /(^|\/)(tests?|__tests__|e2e|fixtures|benchmarks?)\//;
/** What the application has of its own, beside the packages. */
const own = /^(package\.json|out\/(main|preload|page)\/)/;

/**
 * What has no place in the packed application. `files`: paths in the archive, with slashes; `packages`: the ones that may be
 * there. One sentence for each complaint.
 */
export function strayFiles(
  files: readonly string[],
  packages: readonly Package[],
  target: Target,
): readonly string[] {
  return files.flatMap((file) => {
    const complaint = complaintOf(file, packages, target);
    return complaint === null ? [] : [`${file}: ${complaint}`];
  });
}

function complaintOf(file: string, packages: readonly Package[], target: Target): string | null {
  if (sources.has(extname(file))) return 'a source';
  if (/\.(test|spec|bench)\.[cm]?js$/.test(file) || testFolders.test(file)) return 'a test';
  if (extname(file) === '.node' && !isNativeOf(file, target)) return 'for another system';
  if (own.test(file)) return null;
  const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1];
  if (folder === undefined) return 'not of the application';
  return packages.some(({ path }) => path === folder) ? null : 'of a package that no program imports';
}

/** What must be there: the programs' entry points, the page, and each native package's file for each processor. */
export function missingFiles(files: readonly string[], target: Target): readonly string[] {
  const needed = [
    'package.json',
    'out/main/main.js',
    'out/main/core.js',
    'out/main/lane-process.js',
    'out/main/lane-thread.js',
    'out/preload/preload.cjs',
    'out/page/index.html',
    ...nativeNames(target).flatMap((native) => [
      `node_modules/@signalapp/libsignal-client/prebuilds/${native}/@signalapp+libsignal-client.node`,
      `node_modules/better-sqlite3/prebuilds/${native}.node`,
    ]),
  ];
  const there = new Set(files);
  return needed.filter((file) => !there.has(file));
}
