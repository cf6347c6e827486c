// Runs a script under the pinned Node (devDependency `node`), whatever Node started this one.
// Plain JavaScript that Node 18+ can read: better-sqlite3 13 crashes on Node 20 without a word, so an
// older Node must be replaced or refused before anything else is loaded.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const LOWEST_NODE = [22, 18]; // 22.18 is the first release that runs TypeScript without a flag

/** The pinned Node's binary, or null when `npm run setup` has not run yet. */
function pinnedNode() {
  try {
    const manifest = createRequire(join(root, 'package.json')).resolve('node/package.json');
    const binary = join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(binary) ? binary : null;
  } catch {
    return null;
  }
}

/** Whether the running Node is new enough to go on without the pinned one. */
function newEnough() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > LOWEST_NODE[0] || (major === LOWEST_NODE[0] && minor >= LOWEST_NODE[1]);
}

const [script, ...rest] = process.argv.slice(2);
if (!script) {
  console.error('Usage: node build/run.mjs SCRIPT [ARGUMENTS]');
  process.exit(2);
}
const node = pinnedNode() ?? (newEnough() ? process.execPath : null);
if (!node) {
  console.error(
    `Node ${process.versions.node} is too old and the pinned one is not installed. Run "npm run setup" first.`,
  );
  process.exit(1);
}
const child = spawn(node, ['--disable-warning=ExperimentalWarning', join(root, script), ...rest], {
  stdio: 'inherit',
  // Tools that start "node" by name (vitest's workers, playwright) must find the same one.
  env: {
    ...process.env,
    PATH: `${dirname(node)}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH ?? ''}`,
  },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
