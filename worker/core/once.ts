import { PlainsealError } from '../../shared/errors.ts';
import type { CallName, CallResults } from '../../shared/contract/calls.ts';
import type { Millis } from '../../shared/ids.ts';
import type { Database } from '../../storage/database.ts';
import type { Outgoing } from '../../storage/outbox.ts';
import { answered, keepAnswer } from '../../storage/requests.ts';
import type { Touched } from './touched.ts';

/**
 * Runs a mutating call once per request id: `prepare` may wait (a question to the person); `effect` and the answer are one
 * transaction. The same id again, at once or after the page was re-attached, gets the same answer and does nothing. `write` is how the
 * transaction is made; what is answered is on the disk.
 */
export type Once = <N extends CallName, P>(
  name: N,
  request: string,
  prepare: () => Promise<P> | P,
  effect: (prepared: P, touched: Touched, begin: Begin) => CallResults[N],
  write?: Write,
) => Promise<CallResults[N]>;

/** A transaction; what it touched is told once it is durable. */
export type Write = <T>(work: (touched: Touched, begin: Begin) => T) => T;
/** Lets a lane begin with an item that the transaction is about to write, where it may (`outbox.begin`). */
export type Begin = (item: Outgoing) => void;

export function createOnce(of: {
  readonly db: Database;
  readonly clock: () => Millis;
  readonly write: Write;
}): Once {
  const running = new Map<string, { readonly name: string; readonly answer: Promise<unknown> }>();

  return (name, request, prepare, effect, write = of.write) => {
    type Answer = CallResults[typeof name];
    const same = running.get(request);
    if (same) {
      if (same.name !== name)
        return Promise.reject(new PlainsealError('bad-request', 'this request id is used for another call'));
      return same.answer as Promise<Answer>;
    }
    const run = async (): Promise<Answer> => {
      const before = answered(of.db, request, name);
      const answer = before ? (before.answer as Answer) : effected(await prepare());
      await of.db.flushed();
      return answer;
    };
    const effected = (prepared: Awaited<ReturnType<typeof prepare>>): Answer =>
      write((touched, begin) => {
        const answer = effect(prepared, touched, begin);
        keepAnswer(of.db, request, name, answer, of.clock());
        return answer;
      });
    const answer = run().finally(() => running.delete(request));
    running.set(request, { name, answer });
    return answer;
  };
}
