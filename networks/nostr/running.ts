import type { EpochId, GroupKey } from '../../crypto/mls/cells.ts';
import { createMlsEngine } from '../../crypto/mls/create-engine.ts';
import type { MlsEngine } from '../../crypto/mls/engine.ts';
import { marmotProfile, marmotRules } from '../../crypto/mls/marmot-rules.ts';
import { loadSuite } from '../../crypto/mls/suite.ts';
import type { Millis } from '../../shared/ids.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import { remembered } from '../../shared/lane/remembered.ts';
import { createWork } from '../../shared/lane/work.ts';
import { readSelf, type Self } from './account-record.ts';
import { authOperation } from './auth.ts';
import type { GroupFace } from './group/view.ts';
import { createExclusive, type Exclusive } from './exclusive.ts';
import { memberProofHolds, ownMember } from './marmot/member.ts';
import { openPool } from './relays/open-pool.ts';
import type { RelayPool } from './relays/pool.ts';
import { loadSeen, type Seen } from './seen.ts';

/** One running account: what lasts from start to stop. */
export interface Running {
  readonly context: LaneContext;
  readonly self: Self;
  readonly engine: MlsEngine;
  readonly pool: RelayPool;
  readonly exclusive: Exclusive;
  readonly seen: Seen;
  /** The keys of group events by epoch, as far as they were needed. */
  readonly eventKeys: Map<EpochId, Uint8Array>;
  /** What people see of epochs, as far as it was needed. */
  readonly faces: Map<EpochId, GroupFace>;
  /** Messages of mine that were published in this run: their echo says nothing new. */
  readonly echoes: Set<string>;
  /** How the last event to each group was dated. */
  readonly datedLast: Map<GroupKey, Millis>;
  /** Groups in which somebody may have said that they leave. */
  readonly departures: Set<GroupKey>;
  /** Told after each commit, with the spaces of state that it wrote. */
  readonly changed: Set<(spaces: ReadonlySet<string>) => void>;
  readonly stopping: AbortController;
}

/** Reads the account and makes what it runs on; nothing connects yet. @throws PlainsealError `corrupt` without an account. */
export async function createRunning(given: LaneContext): Promise<Running> {
  const context: LaneContext = { ...given, ...remembered(given) };
  const self = await readSelf(createWork(context.view));
  const { secret, key, ca } = self;
  const { now, environment, proxy, log } = context;
  return {
    context,
    self,
    engine: createMlsEngine({
      suite: await loadSuite(),
      rules: marmotRules(memberProofHolds),
      me: ownMember(secret, now),
      profile: marmotProfile,
    }),
    pool: openPool({
      reach: { environment, ca, proxy },
      account: key,
      now,
      prove: (relay, identity, challenge) => authOperation(identity, secret, relay, challenge, now()),
      log,
    }),
    exclusive: createExclusive(),
    seen: await loadSeen(context.view),
    eventKeys: new Map(),
    faces: new Map(),
    echoes: new Set(),
    datedLast: new Map(),
    departures: new Set(),
    changed: new Set(),
    stopping: new AbortController(),
  };
}
