import { assertNever } from '../../shared/assert.ts';
import { PlainsealError } from '../../shared/errors.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import type { AccountSetup, FlowAnswer, FlowStart, FlowStep } from '../../shared/lane/flow.ts';
import type { CreateLane, Lane, LaneContext } from '../../shared/lane/lane.ts';
import { changeRelays } from './change-relays.ts';
import { chat, check, invite } from './flows.ts';
import { npub } from './key-code.ts';
import type { SecretKey } from './keys.ts';
import { partFromLostGroups } from './group/past.ts';
import { exportKey, writtenKey } from './own-key.ts';
import { retryWhenStopped } from './outcome.ts';
import { perform } from './perform.ts';
import { startAccount, type StartedAccount } from './started.ts';
import { addAccount } from './setup.ts';

/** The Nostr lane: one key, its relays, and the groups of Marmot it is in. */
export const createLane: CreateLane = (): Lane => {
  let started: StartedAccount | null = null;
  let isStopped = false;
  let beginning: Promise<void> = Promise.resolve();

  function secret(): SecretKey {
    if (started === null) throw new PlainsealError('gone', 'the account does not run');
    return started.running.self.secret;
  }

  /** Runs the account anew, unless it was stopped meanwhile. */
  function beginAnew(context: LaneContext): Promise<void> {
    const before = started;
    started = null;
    beginning = (async () => {
      await before?.stop();
      if (!isStopped) started = await startAccount(context);
    })();
    return beginning;
  }

  async function* flow(
    start: FlowStart,
    context: LaneContext,
    signal: AbortSignal,
  ): AsyncGenerator<FlowStep, AccountSetup | null, FlowAnswer | undefined> {
    if (start.kind === 'add-account') return yield* addAccount(start.args, context, signal);
    if (started === null) {
      yield { kind: 'failed', why: 'internal' };
      return null;
    }
    const { running } = started;
    switch (start.kind) {
      case 'chat':
        return yield* chat(running, start.address);
      case 'join':
        return yield* chat(running, start.link, 'link');
      case 'invite':
        return yield* invite(running, signal);
      case 'check':
        return yield* check(running, start.peer);
      case 'relays':
        return yield* changeRelays(running, signal, () => beginAnew(context));
      case 'prove-person':
        yield { kind: 'failed', why: 'not-possible' };
        return null;
      default:
        return assertNever(start);
    }
  }

  return {
    async start(context) {
      isStopped = false;
      await partFromLostGroups(context);
      started = await startAccount(context);
      const value = npub(started.running.self.key);
      await context.commit({ ...emptyCommit, inbound: [{ kind: 'cursor', name: 'identity', value }] });
    },
    async stop() {
      isStopped = true;
      // It ends by itself whatever it has begun.
      await beginning.catch(() => undefined);
      const ending = started;
      started = null;
      await ending?.stop();
    },
    perform(item, signal) {
      return started === null ? Promise.resolve(retryWhenStopped()) : perform(started.running, item, signal);
    },
    hint: () => undefined,
    exportKey: async (passphrase) => exportKey(secret(), passphrase),
    writtenKey: async () => writtenKey(secret()),
    flow,
  };
};
