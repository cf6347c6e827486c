import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { StdioDeltaChat } from '@deltachat/jsonrpc-client';
import type { DcEvent, RawClient } from '@deltachat/jsonrpc-client';
import { getRPCServerPath } from '@deltachat/stdio-rpc-server';

/** One process of the real Delta Chat core. It may hold several profiles. */
export interface DeltaChatCore {
  /** Every call of the core's JSON-RPC interface, for what the driver has no function for. */
  readonly rpc: RawClient;
  /** The data folder, deleted by `stop` when the core made it itself. */
  readonly directory: string;
  /** Calls `listener` for each event of one profile; gives the way to stop. */
  listen(account: number, listener: (event: DcEvent) => void): () => void;
  /**
   * Resolves with the first value of `check` that is not null. Checks at once and then after each event of the
   * profile, one check at a time. Throws when nothing came within `timeoutMs` or the process ended.
   */
  until<T>(account: number, what: string, check: () => Promise<T | null>, timeoutMs?: number): Promise<T>;
  /** Ends the process by its own handle and deletes the folder it made. Harmless when repeated. */
  stop(): Promise<void>;
}

const DEFAULT_WAIT_MS = 20_000;
const GRACE_MS = 3_000;

/**
 * Starts `@deltachat/stdio-rpc-server` in a fresh temporary folder, or in `directory` to go on with an older one.
 * Throws when there is no binary for this platform.
 */
export async function startCore(directory?: string): Promise<DeltaChatCore> {
  const folder = directory ?? (await mkdtemp(path.join(tmpdir(), 'plainseal-deltachat-')));
  const child = spawn(getRPCServerPath({ disableEnvPath: true }), {
    env: { DC_ACCOUNTS_PATH: path.join(folder, 'accounts'), RUST_LOG: 'off' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  await once(child, 'spawn');
  const ended = once(child, 'exit');
  let running = true;
  void ended.then(() => {
    running = false;
  });
  // Writing to a core that has just ended is not an error of the test.
  child.stdin.on('error', () => undefined);
  // The client library decodes chunk by chunk, which would break a character that two chunks share.
  child.stdout.setEncoding('utf8');
  const chat = new StdioDeltaChat(child.stdin, child.stdout, true);

  const listen = (account: number, listener: (event: DcEvent) => void): (() => void) => {
    const events = chat.getContextEvents(account);
    events.on('ALL', listener);
    return () => void events.off('ALL', listener);
  };

  const until = <T>(
    account: number,
    what: string,
    check: () => Promise<T | null>,
    timeoutMs = DEFAULT_WAIT_MS,
  ): Promise<T> =>
    new Promise((resolve, reject) => {
      let checking = false;
      let again = false;
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        stop();
        settle();
      };
      const fail = (why: string): void => finish(() => reject(new Error(`${why}: ${what}`)));
      const look = async (): Promise<void> => {
        if (checking) {
          again = true;
          return;
        }
        checking = true;
        do {
          again = false;
          const found = await check();
          if (found !== null) return finish(() => resolve(found));
        } while (again);
        checking = false;
      };
      const guardedLook = (): void => void look().catch((error: unknown) => finish(() => reject(error)));
      const stop = listen(account, guardedLook);
      const timer = setTimeout(() => fail(`Delta Chat core: not within ${timeoutMs} ms`), timeoutMs);
      void ended.then(() => fail('Delta Chat core ended'));
      guardedLook();
    });

  return {
    rpc: chat.rpc,
    directory: folder,
    listen,
    until,
    async stop() {
      if (running) {
        child.stdin.end();
        const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
        await ended;
        clearTimeout(timer);
      }
      if (directory === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}
