// Stands in for fpm in `dist:check`: takes the arguments that electron-builder gives it and builds the same .deb with dpkg-deb.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  globSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { readFpmArguments, type FpmOrder } from './fpm-order.ts';

/** Debian's control file (deb-control(5)). */
function control({ values, depends, recommends }: FpmOrder, kilobytes: number): string {
  const need = (name: string): string => {
    const value = values.get(name);
    if (value === undefined) throw new Error(`fpm was given no --${name}`);
    return value;
  };
  const [synopsis = '', ...more] = need('description').trim().split('\n');
  return [
    `Package: ${need('name')}`,
    `Version: ${need('version')}`,
    `Architecture: ${need('architecture')}`,
    `Maintainer: ${need('maintainer')}`,
    `Installed-Size: ${kilobytes}`,
    `Depends: ${depends.join(', ')}`,
    `Recommends: ${recommends.join(', ')}`,
    `Section: ${need('category')}`,
    `Priority: ${need('deb-priority')}`,
    `Homepage: ${need('url')}`,
    `Description: ${synopsis.trim()}`,
    ...more.map((line) => ` ${line.trim() || '.'}`),
    '',
  ].join('\n');
}

const order = readFpmArguments(process.argv.slice(2));
const tree = mkdtempSync(join(tmpdir(), 'plainseal-deb-'));
try {
  for (const [from, to] of order.files) {
    mkdirSync(dirname(join(tree, to)), { recursive: true });
    cpSync(from, join(tree, to), { recursive: true, verbatimSymlinks: true });
    if (statSync(from).isFile()) chmodSync(join(tree, to), 0o644);
  }
  const name = order.values.get('name') ?? '';
  const changelog = order.values.get('deb-changelog');
  if (changelog !== undefined)
    writeFileSync(
      join(tree, `usr/share/doc/${name}/changelog.gz`),
      gzipSync(readFileSync(changelog), { level: 9 }),
    );
  const paths = globSync('**/*', { cwd: tree }).map((path) => join(tree, path));
  const bytes = paths
    .map((path) => lstatSync(path))
    .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
  mkdirSync(join(tree, 'DEBIAN'));
  writeFileSync(join(tree, 'DEBIAN/control'), control(order, Math.ceil(bytes / 1_024)));
  for (const [option, script] of [
    ['after-install', 'postinst'],
    ['after-remove', 'postrm'],
  ] as const) {
    const from = order.values.get(option);
    if (from === undefined) continue;
    writeFileSync(join(tree, 'DEBIAN', script), readFileSync(from));
    chmodSync(join(tree, 'DEBIAN', script), 0o755);
  }
  chmodSync(tree, 0o755);
  const seconds = Number(process.env.SOURCE_DATE_EPOCH);
  for (const path of [...paths, tree])
    if (!lstatSync(path).isSymbolicLink()) utimesSync(path, seconds, seconds);
  const built = spawnSync(
    'dpkg-deb',
    ['--root-owner-group', '-Zxz', '--build', tree, order.values.get('package') ?? ''],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  process.exitCode = built.status ?? 1;
} finally {
  rmSync(tree, { recursive: true });
}
