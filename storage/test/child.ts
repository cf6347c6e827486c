import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A child process that runs one TypeScript file and speaks in lines. */
export type Child = {
  readonly process: ChildProcess;
  /** The next line it says, or null when it ended. */
  line(): Promise<string | null>;
  /** Ends its standard input, which tells it to go, and waits for its end. */
  end(): Promise<void>;
  /** Stops it as a power cut would. */
  kill(): Promise<void>;
};

/** Starts `file` with arguments. As root it runs as nobody, because root is not bound by file modes. */
export function startChild(
  file: URL,
  args: readonly string[],
  options: { readonly powerless?: boolean } = {},
): Child {
  const nobody = 65_534;
  const asNobody = options.powerless === true && process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {};
  const child = spawn(process.execPath, [fileURLToPath(file), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    ...asNobody,
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    process: child,
    line: async () => {
      const next = await lines.next();
      return next.done === true ? null : next.value;
    },
    end: async () => {
      child.stdin.end();
      await ended;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
