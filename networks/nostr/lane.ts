import { assertNever } from '../../shared/assert.ts';
import { PlainsealError } from '../../shared/errors.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import type { AccountSetup, FlowAnswer, FlowStart, FlowStep } from '../../shared/lane/flow.ts';
import type { CreateLane, Lane, LaneContext } from '../../shared/lane/lane.ts';
import { createLaneRun } from '../../shared/lane/run.ts';
import { changeRelays } from './change-relays.ts';
import { chat, check, invite } from './flows.ts';
import { npub } from './key-code.ts';
import { publicKeyOf, type SecretKey } from './keys.ts';
import { partFromLostGroups } from './group/past.ts';
import { exportKey, writtenKey } from './own-key.ts';
import { retryWhenStopped } from './outcome.ts';
import { perform } from './perform.ts';
import { startAccount, type StartedAccount } from './started.ts';
import { addAccount } from './setup.ts';

/** The Nostr lane: one key, its relays, and the groups of Marmot it is in. */
export const createLane: CreateLane = (): Lane => {
  const run = createLaneRun<StartedAccount>({ start: startAccount, stop: (started) => started.stop() });

  function secret(): SecretKey {
    if (run.now === null) throw new PlainsealError('gone', 'the account does not run');
    return run.now.running.self.secret;
  }

  async function* flow(
    start: FlowStart,
    context: LaneContext,
    signal: AbortSignal,
  ): AsyncGenerator<FlowStep, AccountSetup | null, FlowAnswer | undefined> {
    if (start.kind === 'add-account') return yield* addAccount(start.args, context, signal);
    if (run.now === null) {
      yield { kind: 'failed', why: 'internal' };
      return null;
    }
    const { running } = run.now;
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
        return yield* changeRelays(running, signal, () => run.beginAnew(context));
      case 'sign-in':
      case 'prove-person':
        yield { kind: 'failed', why: 'not-possible' };
        return null;
      default:
        return assertNever(start);
    }
  }

  return {
    async start(context) {
      await partFromLostGroups(context);
      await run.start(context);
      const value = npub(publicKeyOf(secret()));
      await context.commit({ ...emptyCommit, inbound: [{ kind: 'cursor', name: 'identity', value }] });
    },
    stop: () => run.stop(),
    perform(item, signal) {
      const { now } = run;
      return now === null ? Promise.resolve(retryWhenStopped()) : perform(now.running, item, signal);
    },
    hint: () => undefined,
    exportKey: async (passphrase) => exportKey(secret(), passphrase),
    writtenKey: async () => writtenKey(secret()),
    flow,
  };
};
