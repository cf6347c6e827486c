import { Worker } from 'node:worker_threads';
import { PlainsealError } from '../../../shared/errors.ts';
import type { AccountId, NetworkId } from '../../../shared/ids.ts';
import { laterPipe } from '../../../shared/wire/later.ts';
import { workerPipe } from '../../../shared/wire/node/thread.ts';
import type { Pipe } from '../../../shared/wire/pipe.ts';
import type { HostLink } from '../host.ts';

/** Starts the lane of an account and gives the pipe to it; the pipe ends when the lane does. Closing it ends the lane. */
export type ConnectLane = (account: AccountId, network: NetworkId) => Pipe;

/** Native code can take its whole process with it: such lanes get one of their own. */
const kinds: Readonly<Record<NetworkId, 'thread' | 'process'>> = {
  email: 'thread',
  nostr: 'thread',
  signal: 'process',
  dummy: 'process',
};

/**
 * Heap of a thread lane, in MiB. A heap that fills up ends the thread alone; one single allocation far past the limit (64 MB,
 * measured) can end all of core, which is why a mail that does so three times is set aside (e2e/crash/lane-death.ts).
 */
const HEAP_MIB = 512;
/** How long the shell may take to introduce a lane's pipe. */
const INTRODUCTION_MS = 20_000;

/** Connects lanes: thread lanes are started here, process lanes by the shell, which introduces their pipes. */
export function connectLanes(
  host: HostLink,
  threadEntry: URL = new URL(
    import.meta.url.endsWith('.ts') ? '../../lane/thread.ts' : './lane-thread.js',
    import.meta.url,
  ),
): {
  readonly connect: ConnectLane;
  /** The shell introduced the pipe of a process lane. */
  introduce(account: AccountId, pipe: Pipe): void;
} {
  const awaited = new Map<AccountId, (pipe: Pipe) => void>();

  function startThread(): Pipe {
    const worker = new Worker(threadEntry, {
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
      env: {},
      // What a lane prints could be content: it goes nowhere.
      stdout: true,
      stderr: true,
    });
    // An error is followed by the exit, which ends the pipe; unheard it would end core.
    worker.on('error', () => undefined);
    return workerPipe(worker);
  }

  function startProcess(account: AccountId, network: NetworkId): Pipe {
    const introduced = Promise.withResolvers<Pipe>();
    awaited.set(account, introduced.resolve);
    const late = setTimeout(
      () => introduced.reject(new PlainsealError('gone', 'the shell introduced no lane')),
      INTRODUCTION_MS,
    );
    // Until the shell has answered it may still hold the pipe as well.
    const coming = Promise.all([introduced.promise, host.call('lane.start', { account, network })])
      .then(([pipe]) => pipe)
      .finally(() => {
        clearTimeout(late);
        if (awaited.get(account) === introduced.resolve) awaited.delete(account);
      });
    const pipe = laterPipe(coming);
    coming.then(
      () => {
        // What was told before the answer is the end of the lane before.
        const undo = host.listen('lane.exit', (event) => {
          if (event.account === account) pipe.close();
        });
        pipe.ended(undo);
      },
      () => undefined,
    );
    pipe.ended(() => void host.call('lane.stop', { account }).catch(() => undefined));
    return pipe;
  }

  return {
    connect: (account, network) =>
      kinds[network] === 'thread' ? startThread() : startProcess(account, network),
    introduce: (account, pipe) => {
      const take = awaited.get(account);
      awaited.delete(account);
      if (take) take(pipe);
      else pipe.close();
    },
  };
}
