import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { AccountId } from '../shared/ids.ts';
import type { CoreProcess } from '../shared/shell/keeper.ts';
import type { ProfileCalls } from '../shared/shell/core.ts';
import type { HostCalls, HostEvents } from '../shared/shell/host.ts';
import { checkOf, hostSchemas } from '../shared/shell/schema.ts';
import { visitorName } from '../shared/shell/visitor.ts';
import { childPipe } from '../shared/wire/node/child.ts';
import { laterPipe } from '../shared/wire/later.ts';
import type { Pipe } from '../shared/wire/pipe.ts';
import { relay } from '../shared/wire/relay.ts';
import { link, type Handlers } from '../shared/wire/rpc.ts';
import { trunk } from '../shared/wire/trunk.ts';

const coreEntry = fileURLToPath(new URL('../worker/core/main.ts', import.meta.url));
const laneEntry = fileURLToPath(new URL('../worker/lane/process.ts', import.meta.url));

/** The environment a child gets: what the system needs, nothing that could carry a secret or change Node's behaviour. */
const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ', 'SYSTEMROOT', 'TEMP', 'TMP', 'APPDATA', 'LOCALAPPDATA'];
const environment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );

/** `output`: what a lane prints could be content and goes nowhere; core prints only what ends it. */
const forkEntry = (entry: string, output: 'inherit' | 'ignore'): ChildProcess =>
  fork(entry, [], {
    serialization: 'advanced',
    env: environment(),
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', output, output, 'ipc'],
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
  const child = forkEntry(coreEntry, 'inherit');
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
  const lanes = new Map<AccountId, ChildProcess>();

  const core: CoreProcess['link'] = link<HostCalls, ProfileCalls, HostEvents, Record<never, never>>({
    pipe,
    check: checkOf(hostSchemas),
    fault: (what) => console.error(`shell: ${what}`),
    serve: {
      ...serve,
      'lane.start': ({ account }) => {
        lanes.get(account)?.kill();
        const lane = forkEntry(laneEntry, 'ignore');
        lanes.set(account, lane);
        relay(childPipe(lane), lines.open(visitorName({ kind: 'lane', account })));
        lane.once('exit', () => {
          // A lane that was started again is not the one that has just gone.
          if (lanes.get(account) !== lane) return;
          lanes.delete(account);
          core.emit('lane.exit', { account });
        });
        return null;
      },
      'lane.stop': ({ account }) => {
        lanes.get(account)?.disconnect();
        return null;
      },
    },
  });
  void exited.then(() => {
    for (const lane of lanes.values()) lane.kill();
  });

  return {
    link: core,
    attachPage: (page) => relay(page, lines.open(visitorName({ kind: 'page' }))),
    exited,
    kill() {
      child.kill('SIGKILL');
      for (const lane of lanes.values()) lane.kill('SIGKILL');
    },
  };
}
