import { spawn } from 'node:child_process';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..');

/** A command that ran. `output`: both streams as they came, empty when they were shown. */
export type StepResult = {
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  readonly output: string;
};

/** A script run under this Node, with its arguments; the first is a path below the project. */
export type Step = {
  readonly name: string;
  readonly script: string;
  readonly args: readonly string[];
  /** Shows the output as it comes instead of keeping it. */
  readonly live?: boolean;
  readonly env?: Readonly<Record<string, string>>;
};

/** Runs one step to its end; never throws for a failing one. */
export async function runStep(step: Step): Promise<StepResult> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [join(root, step.script), ...step.args], {
    cwd: root,
    stdio: ['ignore', step.live ? 'inherit' : 'pipe', step.live ? 'inherit' : 'pipe'],
    env: { ...process.env, FORCE_COLOR: process.stdout.isTTY ? '1' : '0', ...step.env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8');
    stream?.on('data', (text: string) => (output += text));
  }
  const ok = await new Promise<boolean>((resolve) => {
    child.once('error', (error) => {
      output += error.message;
      resolve(false);
    });
    child.once('close', (code) => resolve(code === 0));
  });
  return { name: step.name, ok, ms: performance.now() - startedAt, output };
}

/** One line per step, with its time, and what a failing one said. */
export function printStep({ name, ok, ms, output }: StepResult): void {
  console.log(`${ok ? '✓' : '✗'} ${name} (${(ms / 1_000).toFixed(1)} s)`);
  if (!ok && output) console.log(output.trimEnd());
}
