import { kindOf, PlainsealError } from '../../../shared/errors.ts';
import { hasRatchet } from '../../../shared/contract/account.ts';
import type { AccountId, Millis } from '../../../shared/ids.ts';
import { isRefused, type Commit, type CommitResult } from '../../../shared/lane/commit.ts';
import { findAccount } from '../../../storage/accounts.ts';
import { isCopied } from '../../../storage/copies.ts';
import type { Database } from '../../../storage/database.ts';
import type { Instance } from '../../../storage/instance.ts';
import type { Log } from '../log.ts';
import { nothingTouched, type Touched } from '../touched.ts';
import { applyCommit } from './apply.ts';

interface Waiting {
  readonly account: AccountId;
  readonly commit: Commit;
  resolve(result: CommitResult): void;
  reject(error: unknown): void;
}

/** Synchronous work of one turn, in ms; what is left waits for the next, so that calls of the page get in between. */
export const TURN_MS = 8;

/** Changes of a commit that is told before it is flushed: what somebody says, not what a lane catches up on. */
const MOST_TOLD_AHEAD = 8;

/**
 * Whether a commit only brings what others said. The page may have that before it is on the disk: where the power fails meanwhile the commit never
 * was, its lane was not answered, and what it brought comes again (decision 38). Whatever is said to anybody else waits for the disk.
 */
const bringsNews = ({ changes, outbound, enqueue }: Commit): boolean =>
  changes.length <= MOST_TOLD_AHEAD &&
  changes.some(({ kind }) => kind === 'message') &&
  outbound.length === 0 &&
  enqueue.length === 0;

const turnEnds = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Gathers the commits of a turn into one transaction, each in a savepoint of its own, so that the flush is paid once and a
 * conflict of one does not drop the others. Answers only what is durable.
 */
export function createCommitQueue(of: {
  readonly db: Database;
  readonly clock: () => Millis;
  /** Told once the transaction is durable, of what somebody says ({@link bringsNews}) once it stands, and before anybody is answered. */
  readonly tell: (touched: Touched) => void;
  readonly crash: (point: 'core.before-commit' | 'core.after-commit') => Promise<void>;
  readonly log: Log;
  /** Moves its mark with the ratchets; none in tests that copy nothing. */
  readonly instance?: Instance;
  /** {@link TURN_MS} where absent. */
  readonly turnMs?: number;
}): {
  submit(account: AccountId, commit: Commit): Promise<CommitResult>;
  /** Resolves once nothing waits. */
  drain(): Promise<void>;
} {
  const turnMs = of.turnMs ?? TURN_MS;
  const waiting: Waiting[] = [];
  let running: Promise<void> | null = null;
  let seq = 0;
  /** Whether a commit of this turn moves a ratchet. */
  let ratchet = false;

  async function run(): Promise<void> {
    // Reading and checking the first one took a turn of its own: what came meanwhile is heard before the next begins.
    await turnEnds();
    while (waiting.length > 0) {
      await turnEnds();
      await of.crash('core.before-commit').catch(() => undefined);
      const settle = await turn();
      await of.crash('core.after-commit').catch(() => undefined);
      for (const answer of settle) answer();
    }
    // In the turn that saw nothing waiting: whoever is answered may submit again before any promise of ours has settled.
    running = null;
  }

  /** One transaction over what waits, as far as the turn's time reaches; returns the answers to give. */
  async function turn(): Promise<readonly (() => void)[]> {
    const touched = nothingTouched();
    const taken: Waiting[] = [];
    const answers: (() => void)[] = [];
    ratchet = false;
    let staged = false;
    const [first] = waiting;
    const ahead = waiting.length === 1 && first !== undefined && bringsNews(first.commit);
    const transaction = ahead ? of.db.unflushedTransaction : of.db.transaction;
    try {
      transaction(() => {
        const from = performance.now();
        do {
          const next = waiting.shift();
          if (!next) break;
          taken.push(next);
          answers.push(one(next, touched));
        } while (performance.now() - from < turnMs);
        staged = ratchet && (of.instance?.stage() ?? false);
      });
      if (ahead) {
        of.tell({ ...touched, outbox: false });
        // The page is told in this turn of the event loop, and the next one waits for the disk.
        await turnEnds();
        of.db.flush();
        await of.db.flushed();
      }
    } catch (error) {
      // Refused before any was taken, as while what stands cannot be brought to the disk: none of them waits for a disk that may never come back.
      if (taken.length === 0) taken.push(...waiting.splice(0));
      // Nothing of this turn is durable: every commit of it hears so and may come again.
      const why = kindOf(error) === 'disk-full' ? 'disk-full' : 'io';
      of.log('commit.failed', { kind: kindOf(error) });
      return taken.map((commit) => () => commit.resolve({ ok: false, why }));
    }
    if (staged) publish();
    // What is to be sent is looked for once all of it is on the disk.
    if (!ahead) of.tell(touched);
    else if (touched.outbox) of.tell({ ...nothingTouched(), outbox: true });
    return answers;
  }

  /** The mark before is still good where this fails; copies made since are then not told apart. */
  function publish(): void {
    try {
      of.instance?.publish();
    } catch (error) {
      of.log('instance.not-moved', { kind: kindOf(error) });
    }
  }

  function one(next: Waiting, touched: Touched): () => void {
    const account = findAccount(of.db, next.account);
    if (!account)
      return () => next.reject(new PlainsealError('refused', 'the account is not there any more'));
    if (isCopied(of.db, account.id))
      return () => next.reject(new PlainsealError('refused', 'the account is one of a copy'));
    try {
      seq += 1;
      ratchet ||= hasRatchet(account.network) && next.commit.work.length > 0;
      const result = applyCommit({ db: of.db, account, now: of.clock(), touched }, next.commit, seq);
      return () => next.resolve(result);
    } catch (error) {
      if (!isRefused(error)) throw error;
      of.log('commit.refused', { kind: error.kind, why: error.message.replaceAll(' ', '-') });
      return () => next.reject(error);
    }
  }

  return {
    submit: (account, commit) =>
      new Promise((resolve, reject) => {
        waiting.push({ account, commit, resolve, reject });
        running ??= run();
      }),
    drain: async () => {
      await running;
    },
  };
}
