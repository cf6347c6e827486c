import { assertNever } from '../../shared/assert.ts';
import { PlainsealError } from '../../shared/errors.ts';
import { emptyCommit, type Settled } from '../../shared/lane/commit.ts';
import type { AccountSetup, FlowAnswer, FlowStart, FlowStep } from '../../shared/lane/flow.ts';
import type { CreateLane, Lane, LaneContext } from '../../shared/lane/lane.ts';
import { recognise } from '../../shared/code.ts';
import { keepConnected } from './connection-loop.ts';
import { chat, check } from './flows.ts';
import { link } from './linking.ts';
import { perform } from './perform.ts';
import { retryAt } from './performing.ts';
import { provePerson } from './prove-person.ts';
import { createRunning, type Running } from './running.ts';
import { createTypingHints } from './typing-hint.ts';
import { wipe } from './wipe.ts';

/**
 * Tells core how my identity reads, and by which number the account is called. The number also where a change of it was told before: core may have
 * had another account under it then, or an earlier version did not follow.
 */
async function tellSelf({ context, own, self }: Running): Promise<void> {
  const value = Buffer.from(own.identityKey).toString('hex');
  const inbound: Settled[] = [{ kind: 'cursor', name: 'identity', value }];
  if (self.number !== null) inbound.push({ kind: 'cursor', name: 'address', value: self.number });
  await context.commit({ ...emptyCommit, inbound });
}

/** The Signal lane: a linked device of the person's own account. A process of its own, since native code may take it along. */
export const createLane: CreateLane = (): Lane => {
  let running: Running | null = null;
  const typing = createTypingHints();

  async function* flow(
    start: FlowStart,
    context: LaneContext,
    signal: AbortSignal,
  ): AsyncGenerator<FlowStep, AccountSetup | null, FlowAnswer | undefined> {
    if (start.kind === 'add-account') return yield* link(start.args, context, signal);
    if (running === null) {
      yield { kind: 'failed', why: 'internal' };
      return null;
    }
    switch (start.kind) {
      case 'chat':
        return yield* chat(running, start.address);
      case 'check':
        return yield* check(running, start.peer);
      case 'prove-person':
        return yield* provePerson(running.performing);
      case 'join':
        // Signal has no link that this version follows.
        yield {
          kind: 'failed',
          why: recognise(start.link) === 'unknown' ? 'not-possible' : 'code-of-another-kind',
        };
        return null;
      case 'sign-in':
      case 'relays':
      case 'invite':
        yield { kind: 'failed', why: 'not-possible' };
        return null;
      default:
        return assertNever(start);
    }
  }

  return {
    async start(context) {
      try {
        running = await createRunning(context);
      } catch (error) {
        if (!(error instanceof PlainsealError) || error.kind !== 'not-found') throw error;
        // What an unlinking that was cut short has left.
        await wipe(context);
        context.status({ kind: 'needs-person', why: 'unlinked' });
        return;
      }
      await tellSelf(running);
      running.performing.sweeper.start();
      running.ended = keepConnected(running);
    },
    async stop() {
      const ending = running;
      running = null;
      if (ending === null) return;
      ending.stopping.abort();
      ending.performing.challenge.close();
      ending.performing.sweeper.close();
      await ending.ended;
    },
    perform(item, signal) {
      if (running === null)
        return Promise.resolve({ kind: 'later', retryAt: retryAt(Date.now(), item.attempts) });
      return perform(running.performing, item, signal);
    },
    hint(hint) {
      if (running === null) return;
      const { context, performing } = running;
      typing.hint(performing, hint).catch((error: unknown) => {
        context.log('typing-fault', { error: error instanceof Error ? error.name : 'unknown' });
      });
    },
    flow,
  };
};
