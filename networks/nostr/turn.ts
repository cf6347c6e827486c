import type { Millis } from '../../shared/ids.ts';
import { emptyCommit, type Commit, type CommitResult, type Forecast } from '../../shared/lane/commit.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import type { Work } from '../../shared/lane/state.ts';
import { createWork } from '../../shared/lane/work.ts';
import { settleGroups } from './group/settle.ts';
import { changesInOrder, createLedger, type Ledger } from './ledger.ts';
import type { Running } from './running.ts';

/** What one unit of work changes, until it is committed. */
export interface Turn {
  readonly running: Running;
  readonly work: Work;
  readonly ledger: Ledger;
  readonly now: Millis;
  /** Nothing of it was a conflict yet. */
  readonly isFirst: boolean;
}

/** Times a commit is made anew because somebody else wrote first. */
const CONFLICT_TRIES = 5;

/** What became of a turn, with what making it gave. */
export type TurnResult<T> = { readonly result: CommitResult; readonly value: T };

/**
 * Makes a turn under the lane's lock and commits it, anew when something else was written meanwhile. A turn that changes nothing costs
 * no commit. @throws what `make` throws, and PlainsealError of core for a commit against its rules.
 */
export function transact<T>(running: Running, make: (turn: Turn) => Promise<T>): Promise<TurnResult<T>> {
  return running.exclusive(async () => {
    for (let attempt = 1; ; attempt += 1) {
      const turn: Turn = {
        running,
        work: createWork(running.context.view),
        ledger: createLedger(),
        now: running.context.now(),
        isFirst: attempt === 1,
      };
      const value = await make(turn);
      const forecasts = await settleGroups(turn);
      const durable = await running.seen.add(turn.work, turn.ledger.seen, turn.now);
      const commit = commitOf(turn, forecasts);
      const result = isEmpty(commit)
        ? { ok: true as const, seq: 0 }
        : await commitDurably(running.context, commit, turn.ledger.meanwhile);
      if (result.ok) {
        durable();
        for (const run of turn.ledger.after) run();
        const spaces = new Set(commit.work.map(({ key }) => key.space));
        if (spaces.size > 0) for (const tell of running.changed) tell(spaces);
        return { result, value };
      }
      if (result.why !== 'conflict' || attempt === CONFLICT_TRIES) return { result, value };
    }
  });
}

function commitOf({ work, ledger }: Turn, forecasts: readonly Forecast[]): Commit {
  const { inbound, outbound, enqueue } = ledger;
  const changes = changesInOrder(ledger);
  return { ...emptyCommit, work: work.writes(), changes, forecasts, inbound, outbound, enqueue };
}

const isEmpty = (commit: Commit): boolean => Object.values(commit).every((part) => part.length === 0);

const runAll = async (acts: Ledger['meanwhile']): Promise<void> => {
  for (const act of acts) act();
};

/** A commit with its crash points around it. `meanwhile`: see {@link Ledger}. */
async function commitDurably(
  context: LaneContext,
  commit: Commit,
  meanwhile: Ledger['meanwhile'],
): Promise<CommitResult> {
  await context.crashPoint('lane.before-commit');
  const [result] = await Promise.all([context.commit(commit), runAll(meanwhile)]);
  await context.crashPoint('lane.after-commit');
  return result;
}
