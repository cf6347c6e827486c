// npm start: builds the app and opens it in Electron.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { electronBinary } from '../e2e/fixtures/electron-binary.ts';
import { printStep, root, runStep } from './step.ts';

const binary = electronBinary();
if (binary === null) {
  console.error(
    `Electron's binary is not installed: "npx install-electron" fetches it from GitHub, or from where ELECTRON_MIRROR says.`,
  );
  process.exit(1);
}
const built = await runStep({
  name: 'build',
  script: 'node_modules/electron-vite/bin/electron-vite.js',
  args: ['build', '--logLevel', 'warn'],
});
printStep(built);
if (!built.ok) process.exit(1);
const app = spawn(binary, [root, ...process.argv.slice(2)], { stdio: 'inherit' });
// Ctrl C reaches the app too; it ends in order, and this program after it.
process.on('SIGINT', () => undefined);
const [code] = (await once(app, 'exit')) as [number | null];
process.exitCode = code ?? 1;
