import { printStep, runStep } from './step.ts';

/** Builds the page, which the browser shell gives out. @throws Error when that fails, after what it said was shown. */
export async function buildPage(): Promise<void> {
  const built = await runStep({
    name: 'build of the page',
    script: 'node_modules/vite/bin/vite.js',
    args: ['build', '--config', 'renderer/vite.config.ts', '--logLevel', 'error'],
  });
  if (built.ok) return;
  printStep(built);
  throw new Error('the page could not be built');
}
