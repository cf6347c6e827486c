import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { AccountId, NetworkId } from '../../shared/ids.ts';
import type { HostCalls } from '../../shared/shell/host.ts';
import { workerPipe } from '../../shared/wire/node/thread.ts';
import { pipePair } from '../../shared/wire/pair.ts';
import { link, type Handlers } from '../../shared/wire/rpc.ts';
import { disclosures } from '../../shared/words/disclosure.ts';
import { addAccount } from '../../storage/accounts.ts';
import { openDatabase, type Database } from '../../storage/database.ts';
import { acceptDisclosure } from '../../storage/disclosures.ts';
import { openFiles } from '../../storage/files.ts';
import { startCore, type Core } from '../../worker/core/core.ts';
import { windowless } from '../../worker/sample/windowless.ts';

/** The one account of a benchmark's profile. */
export const ACCOUNT = 'account' as AccountId;

/** Core in this process as it is shipped, over a profile with one account whose lane is a thread of the benchmark. */
export interface BenchCore {
  readonly core: Core;
  readonly database: Database;
  /** Of the profile. */
  readonly folder: string;
  close(): Promise<void>;
}

/** @param of.lane script of the lane's thread, which runs before core starts. `given`: its `workerData`. */
export async function startBenchCore(of: {
  readonly network: NetworkId;
  readonly address: string;
  readonly lane: URL;
  readonly given: object;
}): Promise<BenchCore> {
  const folder = mkdtempSync(join(tmpdir(), 'plainseal-bench-'));
  const database = openDatabase({ folder, key: new Uint8Array(32).fill(7) });
  acceptDisclosure(database, of.network, disclosures[of.network].version, 1);
  const about = { network: of.network, address: of.address, displayName: 'Me', environment: 'test' } as const;
  addAccount(database, { id: ACCOUNT, ...about, createdAt: 1 });
  const worker = new Worker(of.lane, { workerData: of.given });
  await new Promise((resolve) => worker.once('online', resolve));
  const [coreEnd, shellEnd] = pipePair();
  link<HostCalls, Record<string, never>, Record<string, never>, Record<string, never>>({
    pipe: shellEnd,
    serve: windowless as Handlers<HostCalls>,
  });
  const core = startCore({
    database,
    files: openFiles({ database, folder, now: Date.now }),
    host: link<Record<string, never>, HostCalls, Record<string, never>, Record<string, never>>({
      pipe: coreEnd,
      serve: {},
    }),
    clock: Date.now,
    profile: { kind: 'test', version: '0' },
    connect: () => workerPipe(worker),
  });
  return {
    core,
    database,
    folder,
    async close() {
      await core.stop();
      await worker.terminate();
      database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
