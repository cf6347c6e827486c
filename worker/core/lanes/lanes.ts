import { PlainsealError } from '../../../shared/errors.ts';
import type { AccountId, Millis, NetworkId } from '../../../shared/ids.ts';
import type { CrashPoint } from '../../../shared/lane/lane.ts';
import { listAccounts, type Account } from '../../../storage/accounts.ts';
import { doubtSealed } from '../../../storage/artifacts.ts';
import { isCopied } from '../../../storage/copies.ts';
import { acceptedDisclosure } from '../../../storage/disclosures.ts';
import { runIsOpen } from '../../../storage/inbound.ts';
import { disclosures } from '../../../shared/words/disclosure.ts';
import type { Database } from '../../../storage/database.ts';
import type { Log } from '../log.ts';
import type { ConnectLane } from './connect.ts';
import { runLane, type LaneEvents, type LaneRunner } from './runner.ts';
import type { LaneSource } from './serve.ts';

/** Whether the person has accepted what a network discloses today: without it nothing connects. */
export function mayConnect(db: Database, network: NetworkId): boolean {
  return (acceptedDisclosure(db, network)?.version ?? -1) >= disclosures[network].version;
}

/** Why the lane of an account must not start, whatever it would do; null where it may. A lane that is not started is given no state. */
export function whyNot(db: Database, account: Account): 'clone-suspected' | 'disclosure' | null {
  if (isCopied(db, account.id)) return 'clone-suspected';
  return mayConnect(db, account.network) ? null : 'disclosure';
}

/** The lanes of all accounts. */
export interface Lanes {
  get(account: AccountId): LaneRunner | null;
  /** @throws PlainsealError `gone` when none runs. */
  must(account: AccountId): LaneRunner;
  /** Accounts whose lane runs. */
  accounts(): readonly AccountId[];
  /** Starts the lane of an account, unless it runs or {@link whyNot} says why not. */
  start(account: Account): void;
  startAll(): void;
  startNetwork(network: NetworkId): void;
  /** Stops every lane of a network whose disclosure was withdrawn; one that was accepted again in the meantime goes on. */
  stopNetwork(network: NetworkId): Promise<void>;
  stop(account: AccountId): Promise<void>;
  stopAll(): Promise<void>;
}

/** Keeps the lanes of a profile. */
export function createLanes(of: {
  readonly source: LaneSource;
  readonly connect: ConnectLane;
  readonly events: LaneEvents;
  readonly random: () => number;
  readonly crashPoints: readonly CrashPoint[];
  readonly clockOffset: Millis;
  readonly log: Log;
}): Lanes {
  const { db } = of.source;
  const running = new Map<AccountId, LaneRunner>();

  function start(account: Account): void {
    if (running.has(account.id)) return;
    // Also where it may not start now: what the run before was at when it died can be taken back no more (decision 36).
    if (runIsOpen(db, account.id)) doubtSealed(db, account.id);
    const why = whyNot(db, account);
    if (why !== null) {
      of.events.status(account, { kind: 'needs-person', why });
      return;
    }
    running.set(account.id, runLane({ ...of, account }));
  }

  async function stop(id: AccountId): Promise<void> {
    await running.get(id)?.stop();
    running.delete(id);
  }

  return {
    get: (account) => running.get(account) ?? null,
    must: (account) => {
      const runner = running.get(account);
      if (!runner) throw new PlainsealError('gone', 'no lane of this account runs');
      return runner;
    },
    accounts: () => [...running.keys()],
    start,
    startAll: () => {
      for (const account of listAccounts(db)) start(account);
    },
    startNetwork: (network) => {
      for (const account of listAccounts(db)) if (account.network === network) start(account);
    },
    stopNetwork: async (network) => {
      const accounts = listAccounts(db).filter((account) => account.network === network);
      await Promise.allSettled(accounts.map(({ id }) => stop(id)));
      for (const account of accounts) start(account);
    },
    stop,
    stopAll: async () => {
      await Promise.allSettled([...running.values()].map((runner) => runner.stop()));
      running.clear();
    },
  };
}
