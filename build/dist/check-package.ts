import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, globSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { extractAll, listPackage } from '@electron/asar';
import { root } from '../step.ts';
import { programPackages, shippedPackages } from './app.ts';
import { checksums, isSigned, sha256Of, signBytes } from './checksums.ts';
import { missingFiles, strayFiles } from './contents.ts';
import { wrongFuses } from './fuses.ts';
import { identity } from './identity.ts';
import { readLintian } from './lintian.ts';
import type { Lockfile, Package } from './lockfile.ts';
import { makePackages } from './package.ts';
import { releaseSeconds } from './release-time.ts';
import { makeStandIn } from './stand-in.ts';
import { attempt, judged, mebibytes, type Verdict } from './verdict.ts';

const TARGET = 'linux-x64';

/** A package that was built, opened. */
type Opened = {
  readonly deb: string;
  /** The files as they are installed. */
  readonly installed: string;
  /** The application's archive, and its content beside it. */
  readonly archive: string;
  readonly app: string;
};

/** Builds the Debian package twice, in two folders, and judges it. */
export async function checkPackage(folder: string, lockfile: Lockfile): Promise<readonly Verdict[]> {
  const seconds = releaseSeconds();
  process.env.SOURCE_DATE_EPOCH = String(seconds);
  process.env.CUSTOM_FPM_PATH = standInForFpm(folder);
  const electron = join(folder, 'electron');
  await makeStandIn(electron, folder);
  const order = {
    target: TARGET,
    formats: ['deb'],
    electron,
    signed: false,
    lockfile,
    releasedSeconds: seconds,
  } as const;
  const verdicts: Verdict[] = [];
  const opened: Opened[] = [];
  const make = (name: string): Promise<Verdict> =>
    attempt(`${name} build`, async () => {
      const startedAt = performance.now();
      const [deb] = await makePackages({ ...order, folder: join(folder, name) });
      if (deb === undefined) return judged(`${name} build`, ['no package came out'], '');
      opened.push(open(deb, join(folder, `${name}-opened`)));
      const took = ((performance.now() - startedAt) / 1_000).toFixed(0);
      return judged(`${name} build`, [], `${basename(deb)}, ${mebibytes(statSync(deb).size)}, ${took} s`);
    });
  verdicts.push(await make('first'), await make('second'));
  const [first, second] = opened;
  if (!first || !second) return verdicts;
  const packages = programPackages(lockfile);
  const checks: readonly (readonly [string, (name: string) => Verdict | Promise<Verdict>])[] = [
    ['both builds are the same bytes', (name) => same(name, first, second)],
    ['the archive holds what it must and no more', (name) => contents(name, first, packages)],
    ['native files are the registry’s, unpacked', (name) => natives(name, first)],
    ['every lane loads, natives run', (name) => loads(name, first)],
    ['fuses are as decided', async (name) => judged(name, await wrongFuses(programOf(first)), 'all of them')],
    ['licences and bill of materials name all', (name) => papers(name, first, lockfile)],
    ['lintian', (name) => lint(name, first)],
    [
      'desktop file',
      (name) => validate(name, 'desktop-file-validate', [], first, 'usr/share/applications/*.desktop'),
    ],
    [
      'metainfo',
      (name) => validate(name, 'appstreamcli', ['validate', '--no-net'], first, 'usr/share/metainfo/*.xml'),
    ],
    ['scripts of the package', (name) => scripts(name, first)],
    ['SHA256SUMS is signed, OpenSSL agrees', (name) => signature(name, folder, first)],
    ['installed size by part', (name) => sizes(name, first)],
  ];
  for (const [name, check] of checks) verdicts.push(await attempt(name, () => check(name)));
  return verdicts;
}

/** A program by the name of fpm that starts ours under this Node. */
function standInForFpm(folder: string): string {
  const program = join(folder, 'fpm');
  writeFileSync(
    program,
    `#!/bin/sh\nexec "${process.execPath}" "${join(import.meta.dirname, 'fpm.ts')}" "$@"\n`,
  );
  chmodSync(program, 0o755);
  return program;
}

function open(deb: string, installed: string): Opened {
  run('dpkg-deb', ['--raw-extract', deb, installed]);
  const archive = join(installed, 'opt', identity.product, 'resources/app.asar');
  const app = `${installed}-app`;
  mkdirSync(app);
  extractAll(archive, app);
  return { deb, installed, archive, app };
}

const programOf = ({ installed }: Opened): string =>
  join(installed, 'opt', identity.product, identity.executable);

/** Runs a program to its end. @throws Error with what it said when it fails. */
function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program}: ${`${stdout}${stderr}`.trim()}`);
  return stdout;
}

async function same(name: string, first: Opened, second: Opened): Promise<Verdict> {
  const differing: string[] = [];
  for (const part of ['deb', 'archive'] as const)
    if ((await sha256Of(first[part])) !== (await sha256Of(second[part])))
      differing.push(`${basename(first[part])} differs`);
  return judged(
    name,
    differing,
    `.deb ${(await sha256Of(first.deb)).slice(0, 16)}…, app.asar ${(await sha256Of(first.archive)).slice(0, 16)}…`,
  );
}

function contents(name: string, { archive, app }: Opened, packages: readonly Package[]): Verdict {
  const files = listPackage(archive, { isPack: false })
    .map((path) => path.slice(1))
    .filter((path) => statSync(join(app, path)).isFile());
  const complaints = [
    ...strayFiles(files, packages, TARGET),
    ...missingFiles(files, TARGET).map((file) => `${file}: missing`),
    ...packages
      .filter(({ path }) => !files.includes(`${path}/package.json`))
      .map(({ path }) => `${path}: missing`),
  ];
  return judged(name, complaints, `${files.length} files of ${packages.length} packages and ours`);
}

function natives(name: string, { archive }: Opened): Verdict {
  const unpacked = globSync('**/*', { cwd: `${archive}.unpacked` }).filter((file) => file.includes('.'));
  const files = unpacked.filter((file) => statSync(join(`${archive}.unpacked`, file)).isFile());
  const isSame = (file: string): boolean =>
    readFileSync(join(`${archive}.unpacked`, file)).equals(readFileSync(join(root, file)));
  const complaints = files
    .filter((file) => !file.endsWith('.node') || !isSame(file))
    .map((file) => `${file}: not the registry’s`);
  return judged(
    name,
    files.length === 2 ? complaints : [...complaints, `${files.length} files, not 2`],
    `${files.length} files`,
  );
}

/** Loads the lanes with all they import from the packed application, and uses both native ones, under this Node: what is missing shows here. */
function loads(name: string, { app }: Opened): Verdict {
  const main = readdirSync(join(app, 'out/main')).filter((file) => /^lane-.{8}\.js$/.test(file));
  const script = [
    ...main.map((file) => `await import('./out/main/${file}');`),
    "const { default: Database } = await import('better-sqlite3');",
    "const database = new Database(':memory:');",
    'database.pragma("cipher=\'sqlcipher\'");',
    "const { PrivateKey } = await import('@signalapp/libsignal-client');",
    "console.log(database.prepare('select sqlite_version() as v').get().v, PrivateKey.generate().serialize().length);",
    'process.exit(0);',
  ].join('\n');
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: app,
    encoding: 'utf8',
  });
  const [sqlite, keyBytes] = stdout.trim().split(' ');
  const complaints =
    status === 0 && keyBytes === '32' && main.length > 0
      ? []
      : [stderr.trim().split('\n').slice(0, 6).join(' ')];
  return judged(name, complaints, `${main.length} lane chunks; SQLite ${sqlite}, a key of libsignal`);
}

function papers(name: string, { installed }: Opened, lockfile: Lockfile): Verdict {
  const resources = join(installed, 'opt', identity.product, 'resources');
  const notices = readFileSync(join(resources, 'third-party-notices.txt'), 'utf8');
  const materials = readFileSync(join(resources, 'sbom.cdx.json'), 'utf8');
  const packages = shippedPackages(lockfile);
  const complaints = packages.flatMap((each) => [
    ...(notices.includes(`\n${each.name} ${each.version}\n`) ? [] : [`${each.name}: no notice`]),
    ...(materials.includes(`"bom-ref": "${each.path}"`)
      ? []
      : [`${each.name}: not in the bill of materials`]),
  ]);
  return judged(name, complaints, `${packages.length} packages`);
}

function lint(name: string, { deb }: Opened): Verdict {
  // Its exit code says that it found something; what, is in its lines.
  const { stdout, error } = spawnSync('lintian', ['--tag-display-limit', '0', '--pedantic', deb], {
    encoding: 'utf8',
  });
  if (error) throw error;
  const { accepted, complaints } = readLintian(stdout);
  return judged(
    name,
    complaints,
    `nothing but what stays (${accepted} lines: files in /opt, unstripped natives)`,
  );
}

function validate(
  name: string,
  program: string,
  args: readonly string[],
  { installed }: Opened,
  pattern: string,
): Verdict {
  const [file] = globSync(pattern, { cwd: installed });
  if (file === undefined) return judged(name, [`no ${pattern}`], '');
  run(program, [...args, join(installed, file)]);
  return judged(name, [], basename(file));
}

function scripts(name: string, { installed }: Opened): Verdict {
  for (const script of ['postinst', 'postrm']) run('sh', ['-n', join(installed, 'DEBIAN', script)]);
  return judged(name, [], 'postinst and postrm are read by sh');
}

async function signature(name: string, folder: string, { deb }: Opened): Promise<Verdict> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const place = (file: string): string => join(folder, file);
  const text = Buffer.from(await checksums([deb]));
  writeFileSync(place('SHA256SUMS'), text);
  writeFileSync(place('SHA256SUMS.sig'), signBytes(text, privateKey));
  writeFileSync(place('release-key.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
  const verifying = ['pkeyutl', '-verify', '-pubin', '-inkey', place('release-key.pem'), '-rawin'];
  run('openssl', [...verifying, '-in', place('SHA256SUMS'), '-sigfile', place('SHA256SUMS.sig')]);
  const changed = Buffer.from(text.toString().replace(/^./, (digit) => (digit === '0' ? '1' : '0')));
  const taken = isSigned(changed, readFileSync(place('SHA256SUMS.sig')), publicKey);
  return judged(
    name,
    taken ? ['a changed sum is taken'] : [],
    'with a key made for this check; a changed sum is refused',
  );
}

function sizes(name: string, { installed, archive }: Opened): Verdict {
  const sizeOf = (folder: string, only: (file: string) => boolean = () => true): number =>
    globSync('**/*', { cwd: folder })
      .filter(only)
      .map((file) => statSync(join(folder, file)))
      .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
  const app = `${installed}-app`;
  const parts = [
    ['our programs', sizeOf(join(app, 'out/main')) + sizeOf(join(app, 'out/preload'))],
    ['the page with its fonts', sizeOf(join(app, 'out/page'))],
    ['packages', sizeOf(join(app, 'node_modules'), (file) => !file.endsWith('.node'))],
    ['native files', sizeOf(`${archive}.unpacked`)],
    [
      'licences and papers',
      sizeOf(join(archive, '..'), (file) => /^[^/]+\.(txt|json)$|^LICENSE$/.test(file)),
    ],
    ['icons, metainfo, desktop file', sizeOf(join(installed, 'usr'))],
  ] as const;
  const total = parts.reduce((sum, [, bytes]) => sum + bytes, 0);
  const lines = [...parts, ['together, without Electron', total] as const].map(
    ([part, bytes]) => `${mebibytes(bytes).padStart(9)}  ${part}`,
  );
  return { name, ok: true, detail: lines };
}
