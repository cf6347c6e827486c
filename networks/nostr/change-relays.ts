import type { FlowAnswer, FlowFailure, FlowStep } from '../../shared/lane/flow.ts';
import { readSelf, writeAccount, type Account } from './account-record.ts';
import { missingLists } from './announcement.ts';
import { signEvent, type SignedEvent } from './event.ts';
import { guard } from './guard.ts';
import { broughtRelays, chosenRelays, type RelayRefusal } from './relay-choice.ts';
import type { RelayUrl } from './relay-url.ts';
import type { Running } from './running.ts';
import { transact } from './turn.ts';

type Steps = AsyncGenerator<FlowStep, null, FlowAnswer | undefined>;

/** Times the person is asked again before the flow gives up. */
const ASK_LIMIT = 10;
/** A relay that is away is waited for so long, while somebody looks on. */
const WAIT_MS = 4_000;

/**
 * Takes other relays for my lists, key packages and invitations. Conversations stay on those they began on. The lists go to the relays before too, or
 * those who ask there would not learn of the new ones.
 * @param begin runs the account anew, over the new relays.
 */
export async function* changeRelays(
  running: Running,
  signal: AbortSignal,
  begin: () => Promise<void>,
): Steps {
  let value = running.self.write.join(' ');
  let refused: RelayRefusal | null = null;
  for (let asked = 0; asked < ASK_LIMIT; asked += 1) {
    const answer: FlowAnswer | undefined = yield {
      kind: 'ask',
      fields: [{ name: 'relays', secret: false, value }],
      why: refused?.why ?? null,
      ...(refused?.relay ? { of: refused.relay } : {}),
    };
    if (answer?.kind !== 'fields' || signal.aborted) return yield* failed('cancelled');
    value = answer.values['relays'] ?? '';
    yield { kind: 'progress', stage: 'connecting' };
    const found = await lookAt(running, value);
    if (signal.aborted) return yield* failed('cancelled');
    if ('why' in found) {
      refused = found;
      continue;
    }
    if (!(await write(running, found.chosen))) return yield* failed('internal');
    await publishLists(running, found);
    await begin();
    yield { kind: 'done', conversation: null, peer: null };
    return null;
  }
  return yield* failed('too-many-tries');
}

async function* failed(why: FlowFailure): Steps {
  yield { kind: 'failed', why };
  return null;
}

/** Relays that can be used, and what they and those before hold of mine. */
interface Found {
  readonly chosen: Pick<Account, 'write' | 'inbox'>;
  readonly held: readonly SignedEvent[];
}

/** Whether any of the relays that were typed answers. */
async function lookAt({ context, pool, self }: Running, typed: string): Promise<Found | RelayRefusal> {
  const relays = chosenRelays(typed, context.environment);
  if ('why' in relays) return relays;
  const ask = { kind: 'own', account: self.key } as const;
  const fetched = await pool.fetch(ask, [...new Set([...relays, ...self.write])], { timeoutMs: WAIT_MS });
  if (!relays.some((relay) => fetched.complete.includes(relay))) {
    const [relay = null, ...more] = relays;
    return { why: 'server-unreachable', relay: more.length === 0 ? relay : null };
  }
  const held = fetched.events.filter(({ pubkey }) => pubkey === self.key);
  const chosen =
    self.origin === 'brought'
      ? broughtRelays(held, relays, context.environment)
      : { write: relays, inbox: relays };
  return { chosen, held };
}

async function write(running: Running, chosen: Found['chosen']): Promise<boolean> {
  const { result } = await transact(running, async ({ work }) =>
    writeAccount(work, { ...(await readSelf(work)), ...chosen }),
  );
  return result.ok;
}

/** Hands my lists to all relays, those before among them, as far as they answer. The new ones are seen to by the upkeep until they have them. */
async function publishLists({ context, pool, self }: Running, { chosen, held }: Found): Promise<void> {
  const relays: readonly RelayUrl[] = [...new Set([...chosen.write, ...self.write])];
  await Promise.all(
    missingLists({ ...self, ...chosen }, held, context.now()).map(async ({ kind, draft }) => {
      const text = JSON.stringify(['EVENT', signEvent(draft, self.secret)]);
      const checked = guard({ kind, account: self.key, text });
      if (checked.kind === 'pass')
        await pool.publish(checked.frame, relays, AbortSignal.timeout(WAIT_MS)).outcomes;
      else context.log('guard-stop', { operation: kind, why: checked.why });
    }),
  );
}
