// Makes a fresh clone ready: dependencies, the pinned Node, a browser for the tests. Plain JavaScript that Node 18+ can
// read, since the pinned Node is only there afterwards.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const windows = process.platform === 'win32';
const LOWEST_NODE = 18;

/** Runs a command in the project with its output shown; true when it succeeded. */
function run(command, args) {
  console.log(`> ${[command, ...args].join(' ')}`);
  // npm and npx are .cmd files on Windows, which only a shell can start; the arguments are all ours.
  return spawnSync(command, args, { cwd: root, stdio: 'inherit', shell: windows }).status === 0;
}

/** Ends with one sentence. */
function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}

/** Version of the Node that `npm ci` brought, or null. */
function pinnedNode() {
  try {
    const manifest = createRequire(join(root, 'package.json')).resolve('node/package.json');
    const binary = join(dirname(manifest), 'bin', windows ? 'node.exe' : 'node');
    const found = spawnSync(binary, ['--version'], { encoding: 'utf8' });
    return found.status === 0 ? found.stdout.trim() : null;
  } catch {
    return null;
  }
}

/** An installed browser of the Chromium family, by the names the browser shell looks for. */
function installedChromium() {
  const names = JSON.parse(readFileSync(join(root, 'browser/chromium.json'), 'utf8'));
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  for (const name of names[process.platform] ?? names.linux) {
    const filled = name.replace(/%([^%]+)%/g, (_, key) => process.env[key] ?? '');
    const places = isAbsolute(filled) ? [filled] : folders.map((folder) => join(folder, filled));
    const found = places.find((place) => existsSync(place));
    if (found) return found;
  }
  return null;
}

const isDebianRoot = () => existsSync('/etc/debian_version') && process.getuid?.() === 0;

/** The browser the tests will use, in words; installs one where none is. */
function browser() {
  const installed = installedChromium();
  if (installed) return installed;
  console.log('No Chrome, Chromium or Edge is installed; trying the one Playwright brings.');
  if (run('npx', ['playwright', 'install', 'chromium'])) return "Playwright's Chromium";
  if (isDebianRoot()) {
    const apt = ['apt-get', ['install', '-y', '--no-install-recommends', 'chromium']];
    if (run('apt-get', ['update']) && run(...apt)) return installedChromium();
  }
  return null;
}

if (Number(process.versions.node.split('.')[0]) < LOWEST_NODE)
  fail(
    `Node ${process.versions.node} is too old: install Node ${LOWEST_NODE} or newer, then run "npm run setup" again.`,
  );
// No package's script runs but the one that brings the pinned Node: the native modules come built.
if (!run('npm', ['ci', '--ignore-scripts']) || !run('npm', ['rebuild', 'node', '--foreground-scripts']))
  fail('The dependencies could not be installed: see what npm says above.');
const wanted = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies.node;
const node = pinnedNode();
if (node !== `v${wanted}`)
  fail(
    `Node ${wanted} did not come with the dependencies (found ${node ?? 'none'}): run "npm rebuild node".`,
  );
const found = browser();
if (!found)
  fail('No browser for the tests: install Chromium, Chrome or Edge, then run "npm run setup" again.');
console.log(`Ready: Node ${wanted}, tests in ${found}.`);
