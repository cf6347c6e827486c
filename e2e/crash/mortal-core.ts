import { setEnvironmentData } from 'node:worker_threads';
import type { HostCalls, HostEvents } from '../../shared/shell/host.ts';
import { pipePair } from '../../shared/wire/pair.ts';
import { link } from '../../shared/wire/rpc.ts';
import { openDatabase, type Database } from '../../storage/database.ts';
import { openFiles } from '../../storage/files.ts';
import { testKey } from '../../storage/key-wrap.ts';
import { startCore } from '../../worker/core/core.ts';
import { connectLanes } from '../../worker/core/lanes/connect.ts';
import { windowless } from '../../worker/sample/windowless.ts';
import type { Millis } from '../../shared/ids.ts';
import type { LaneStatus } from '../../shared/lane/lane.ts';
import { FATE, type Fate } from './fate.ts';
import { scriptPage, type Page } from './page.ts';

/** Core in this process, over the e-mail lane in a thread that dies. */
export interface MortalCore {
  readonly page: Page;
  readonly database: Database;
  readonly deaths: readonly Extract<LaneStatus, { readonly kind: 'crashed' }>[];
  close(): Promise<void>;
}

const entry = new URL('./dying-lane.ts', import.meta.url);

/** Starts core over a profile whose account exists. `fates`: of each run of the lane; the last holds for all further runs. */
export function openMortalCore(profile: string, fates: readonly [Fate, ...Fate[]]): MortalCore {
  const database = openDatabase({ folder: profile, key: testKey(profile) });
  const clock = (): Millis => Date.now();
  const [near, far] = pipePair();
  link<HostCalls, Record<never, never>, HostEvents, Record<never, never>>({
    pipe: near,
    serve: {
      ...windowless,
      'crash.point': () => null,
      'lane.start': () => {
        throw new Error('the lane of this harness is a thread');
      },
      'lane.stop': () => null,
    },
  });
  const host = link<Record<never, never>, HostCalls, Record<never, never>, HostEvents>({
    pipe: far,
    serve: {},
  });
  const lanes = connectLanes(host, entry);
  let runs = 0;
  const core = startCore({
    database,
    files: openFiles({ database, folder: profile, now: clock }),
    host,
    clock,
    profile: { kind: 'test', version: '0.0.0' },
    connect: (account, network) => {
      setEnvironmentData(FATE, JSON.stringify(fates[Math.min(runs, fates.length - 1)] ?? null));
      runs += 1;
      return lanes.connect(account, network);
    },
  });
  const [pageEnd, coreEnd] = pipePair();
  core.attachPage(coreEnd);
  const page = scriptPage(pageEnd);
  const deaths: Extract<LaneStatus, { readonly kind: 'crashed' }>[] = [];
  page.hear('lane', ({ status }) => {
    if (status.kind === 'crashed') deaths.push(status);
  });
  return {
    page,
    database,
    deaths,
    async close() {
      await core.stop();
      database.close();
    },
  };
}
