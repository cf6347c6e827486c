import { assertNever } from '../../shared/assert.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import type { AccountSetup, FlowAnswer, FlowStart, FlowStep } from '../../shared/lane/flow.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import type { StateKey } from '../../shared/lane/state.ts';
import { conversationWith } from './changes.ts';
import { connectServer } from './wire.ts';

/** Where the account's own record lies. */
export const SELF: StateKey = { space: 'account', key: 'self' };

/** The account's own record. */
export interface Self {
  readonly address: string;
  readonly port: number;
}

/** Adding an account of the test network, and writing to somebody new. */
export async function* flow(
  start: FlowStart,
  context: LaneContext,
): AsyncGenerator<FlowStep, AccountSetup | null, FlowAnswer | undefined> {
  switch (start.kind) {
    case 'add-account': {
      if (context.environment !== 'test') {
        yield { kind: 'failed', why: 'test-profile-only' };
        return null;
      }
      const port = Number(start.args['port']);
      const address = start.args['address'] ?? '';
      if (!/^[a-z]{1,40}$/.test(address) || !Number.isInteger(port) || port < 1 || port > 65_535) {
        yield { kind: 'failed', why: 'address-malformed' };
        return null;
      }
      yield { kind: 'progress', stage: 'connecting' };
      try {
        (await connectServer(port)).destroy();
      } catch {
        yield { kind: 'failed', why: 'server-unreachable' };
        return null;
      }
      const record: Self = { address, port };
      yield { kind: 'done', conversation: null, peer: null };
      return {
        network: 'dummy',
        address,
        displayName: address,
        work: [{ key: SELF, value: new TextEncoder().encode(JSON.stringify(record)), expect: 0 }],
      };
    }
    case 'chat': {
      if (!/^[a-z]{1,40}$/.test(start.address)) {
        yield { kind: 'failed', why: 'address-malformed' };
        return null;
      }
      const { peer, conversation, changes, forecast } = conversationWith(context, start.address, 'active');
      const result = await context.commit({ ...emptyCommit, changes, forecasts: [forecast] });
      yield result.ok ? { kind: 'done', conversation, peer } : { kind: 'failed', why: 'internal' };
      return null;
    }
    case 'invite':
    case 'join':
    case 'check':
    case 'sign-in':
    case 'relays':
    case 'prove-person':
      yield { kind: 'failed', why: 'not-possible' };
      return null;
    default:
      return assertNever(start);
  }
}
