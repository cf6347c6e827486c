import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { childEnvironment } from '../shared/shell/environment.ts';
import type { CoreProcess } from '../shared/shell/keeper.ts';
import type { ProfileCalls } from '../shared/shell/core.ts';
import type { HostCalls, HostEvents } from '../shared/shell/host.ts';
import { laneProcesses } from '../shared/shell/lane-processes.ts';
import { checkOf, hostSchemas } from '../shared/shell/schema.ts';
import { visitorName } from '../shared/shell/visitor.ts';
import { childPipe } from '../shared/wire/node/child.ts';
import { handOver, linePipe, spawnWithLine } from '../shared/wire/node/line.ts';
import { laterPipe } from '../shared/wire/later.ts';
import type { Pipe } from '../shared/wire/pipe.ts';
import { relay } from '../shared/wire/relay.ts';
import { link, type Handlers } from '../shared/wire/rpc.ts';
import { trunk } from '../shared/wire/trunk.ts';

const coreEntry = fileURLToPath(new URL('../worker/core/main.ts', import.meta.url));
const laneEntry = fileURLToPath(new URL('../worker/lane/process.ts', import.meta.url));

/**
 * Where Node keeps what it made of our source: this shell runs it as it is written, and a lane that died is to be back within two
 * seconds. A packaged app runs what the build made.
 */
const COMPILED = fileURLToPath(new URL('../node_modules/.cache/node', import.meta.url));

const environment = (): NodeJS.ProcessEnv => ({
  ...childEnvironment(process.env),
  NODE_COMPILE_CACHE: COMPILED,
});

/** What the browser shell's host serves itself; lanes are this file's. */
export type OwnHostCalls = Omit<HostCalls, 'lane.start' | 'lane.stop'>;

/** Core as a child process, with its process lanes. */
export interface ForkedCore extends CoreProcess {
  /** Introduces a pipe of the page. */
  attachPage(pipe: Pipe): void;
}

/** Forks core and serves it as its shell. */
export function startCoreProcess(serve: Handlers<OwnHostCalls>): ForkedCore {
  const child = fork(coreEntry, [], {
    serialization: 'advanced',
    env: environment(),
    execArgv: ['--disable-warning=ExperimentalWarning'],
    // Core prints only what ends it.
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code));
    child.once('error', () => resolve(null));
  });
  const base = childPipe(child);
  const lines = trunk(base, 'parent');
  const pipe = laterPipe(
    new Promise((resolve, reject) => {
      lines.opened((name, opened) => (name === 'shell' ? resolve(opened) : opened.close()));
      base.ended(reject);
    }),
  );
  const lanes = laneProcesses<ChildProcess>({
    fork: (account) => {
      const { child: lane, line } = spawnWithLine(laneEntry, environment());
      const name = visitorName({ kind: 'lane', account });
      // Core and lane talk past this process where the system can hand a pipe on.
      if (process.platform === 'win32') relay(linePipe(line), lines.open(name));
      else handOver(child, name, line);
      return lane;
    },
    // The end of its line ends it, in order: one that is killed leaves nothing of what Node compiled for the next.
    stop: () => undefined,
    exited: (account) => core.emit('lane.exit', { account }),
  });

  const core: CoreProcess['link'] = link<HostCalls, ProfileCalls, HostEvents, Record<never, never>>({
    pipe,
    check: checkOf(hostSchemas),
    fault: (what) => console.error(`shell: ${what}`),
    serve: {
      ...serve,
      ...lanes.serve,
    },
  });
  void exited.then(() => {
    for (const lane of lanes.running()) lane.kill();
  });

  return {
    link: core,
    attachPage: (page) => relay(page, lines.open(visitorName({ kind: 'page' }))),
    exited,
    kill() {
      child.kill('SIGKILL');
      for (const lane of lanes.running()) lane.kill('SIGKILL');
    },
  };
}
