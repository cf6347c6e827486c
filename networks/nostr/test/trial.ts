import type { Commit } from '../../../shared/lane/commit.ts';
import type { LaneContext } from '../../../shared/lane/lane.ts';
import { writeAccount } from '../account-record.ts';
import { freshSecretKey, type SecretKey } from '../keys.ts';
import { freshSlot } from '../marmot/key-package-event.ts';
import type { RelayUrl } from '../relay-url.ts';
import { createRunning, type Running } from '../running.ts';
import { setupContext } from './lane-context.ts';
import { createMemoryState, type MemoryState } from './memory-view.ts';

/** An account that runs over state in memory. Its relays are barred in the test environment: nothing connects. */
export interface Trial {
  readonly running: Running;
  readonly state: MemoryState;
  /** What was committed and stands. */
  readonly commits: readonly Commit[];
}

export const RELAY = 'wss://relay.example' as RelayUrl;

/** @param other what a test has in place of this context. `secret`: another program of the same account. `relays`: those of the account; by default one that is never connected to. */
export async function startTrial(
  other: (context: LaneContext) => Partial<LaneContext> = () => ({}),
  { secret = freshSecretKey(), relays = [RELAY] }: { secret?: SecretKey; relays?: readonly RelayUrl[] } = {},
): Promise<Trial> {
  const state = createMemoryState();
  const commits: Commit[] = [];
  const work = state.work();
  await writeAccount(work, {
    secret,
    displayName: '',
    write: relays,
    inbox: relays,
    slot: freshSlot(),
    origin: 'made',
    writtenDownAt: null,
    ca: null,
  });
  state.commit(work);
  const context: LaneContext = {
    ...setupContext(),
    view: state.view,
    hasRoom: async () => true,
    async commit(commit) {
      const given = { writes: () => commit.work };
      if (!state.isCurrent(given)) return { ok: false, why: 'conflict' };
      state.commit(given);
      commits.push(commit);
      return { ok: true, seq: commits.length };
    },
  };
  return { running: await createRunning({ ...context, ...other(context) }), state, commits };
}
