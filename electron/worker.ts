import { join } from 'node:path';
import { MessageChannelMain, utilityProcess, type MessagePortMain, type UtilityProcess } from 'electron';
import type { ProfileCalls } from '../shared/shell/core.ts';
import type { HostCalls, HostEvents } from '../shared/shell/host.ts';
import { childEnvironment } from '../shared/shell/environment.ts';
import type { CoreProcess } from '../shared/shell/keeper.ts';
import { laneProcesses } from '../shared/shell/lane-processes.ts';
import { checkOf, hostSchemas } from '../shared/shell/schema.ts';
import { visitorName, type Visitor } from '../shared/shell/visitor.ts';
import { utilityPipe } from '../shared/wire/node/electron.ts';
import { link, type Handlers } from '../shared/wire/rpc.ts';

/** `stdio`: what a lane prints could be content and goes nowhere; core prints only what ends it. */
const forkEntry = (file: string, serviceName: string, stdio: 'inherit' | 'ignore'): UtilityProcess =>
  utilityProcess.fork(join(import.meta.dirname, file), [], {
    serviceName,
    env: childEnvironment(process.env),
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
  const introduce = (visitor: Visitor, port: MessagePortMain): void =>
    child.postMessage({ introduce: visitorName(visitor) }, [port]);
  const lanes = laneProcesses<UtilityProcess>({
    fork: (account) => {
      const lane = forkEntry('lane-process.js', 'Plainseal lane', 'ignore');
      const { port1, port2 } = new MessageChannelMain();
      introduce({ kind: 'lane', account }, port1);
      lane.postMessage({ introduce: 'core' }, [port2]);
      return lane;
    },
    stop: (lane) => void lane.kill(),
    exited: (account) => core.emit('lane.exit', { account }),
  });

  const core: CoreProcess['link'] = link<HostCalls, ProfileCalls, HostEvents, Record<never, never>>({
    pipe: utilityPipe(child),
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
    attachPage: (port) => introduce({ kind: 'page' }, port),
    exited,
    kill() {
      child.kill();
      for (const lane of lanes.running()) lane.kill();
    },
  };
}
