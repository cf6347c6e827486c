import { join } from 'node:path';
import { MessageChannelMain, utilityProcess, type MessagePortMain, type UtilityProcess } from 'electron';
import type { AccountId } from '../shared/ids.ts';
import type { ProfileCalls } from '../shared/shell/core.ts';
import type { HostCalls, HostEvents } from '../shared/shell/host.ts';
import type { CoreProcess } from '../shared/shell/keeper.ts';
import { checkOf, hostSchemas } from '../shared/shell/schema.ts';
import { visitorName, type Visitor } from '../shared/shell/visitor.ts';
import { utilityPipe } from '../shared/wire/node/electron.ts';
import { link, type Handlers } from '../shared/wire/rpc.ts';

/** The environment a child gets: what the system needs, nothing that could carry a secret or change Node's behaviour. */
const kept = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ', 'SYSTEMROOT', 'TEMP', 'TMP', 'APPDATA', 'LOCALAPPDATA'];

function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

/** `stdio`: what a lane prints could be content and goes nowhere; core prints only what ends it. */
const forkEntry = (file: string, serviceName: string, stdio: 'inherit' | 'ignore'): UtilityProcess =>
  utilityProcess.fork(join(import.meta.dirname, file), [], {
    serviceName,
    env: environment(),
    stdio,
  });

/** What the Electron shell's host serves itself; lanes are this file's. */
export type OwnHostCalls = Omit<HostCalls, 'lane.start' | 'lane.stop'>;

/** Core as a utility process. */
export interface UtilityCore extends CoreProcess {
  /** Introduces a pipe of the page: one end of a channel whose other end the page gets. */
  attachPage(port: MessagePortMain): void;
}

/** Forks core and serves it as its shell. */
export function startUtilityCore(serve: Handlers<OwnHostCalls>): UtilityCore {
  const child = forkEntry('core.js', 'Plainseal core', 'inherit');
  const exited = new Promise<number>((resolve) => child.once('exit', resolve));
  const lanes = new Map<AccountId, UtilityProcess>();
  const introduce = (visitor: Visitor, port: MessagePortMain): void =>
    child.postMessage({ introduce: visitorName(visitor) }, [port]);

  const core: CoreProcess['link'] = link<HostCalls, ProfileCalls, HostEvents, Record<never, never>>({
    pipe: utilityPipe(child),
    check: checkOf(hostSchemas),
    fault: (what) => console.error(`shell: ${what}`),
    serve: {
      ...serve,
      'lane.start': ({ account }) => {
        lanes.get(account)?.kill();
        const lane = forkEntry('lane-process.js', 'Plainseal lane', 'ignore');
        lanes.set(account, lane);
        const { port1, port2 } = new MessageChannelMain();
        introduce({ kind: 'lane', account }, port1);
        lane.postMessage({ introduce: 'core' }, [port2]);
        lane.once('exit', () => {
          // A lane that was started again is not the one that has just gone.
          if (lanes.get(account) !== lane) return;
          lanes.delete(account);
          core.emit('lane.exit', { account });
        });
        return null;
      },
      'lane.stop': ({ account }) => {
        lanes.get(account)?.kill();
        return null;
      },
    },
  });
  void exited.then(() => {
    for (const lane of lanes.values()) lane.kill();
  });

  return {
    link: core,
    attachPage: (port) => introduce({ kind: 'page' }, port),
    exited,
    kill() {
      child.kill();
      for (const lane of lanes.values()) lane.kill();
    },
  };
}
