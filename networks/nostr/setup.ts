import type { AccountSetup, FlowAnswer, FlowFailure, FlowStep } from '../../shared/lane/flow.ts';
import type { KeyRefusal } from '../../shared/lane/key.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import type { StateView } from '../../shared/lane/state.ts';
import { createWork } from '../../shared/lane/work.ts';
import { writeAccount, type Account } from './account-record.ts';
import { authOperation } from './auth.ts';
import { TOLD_SPACES } from './group/past.ts';
import { npub } from './key-code.ts';
import { freshSecretKey, publicKeyOf, type SecretKey } from './keys.ts';
import { readOwnKey, type ReadKey } from './own-key.ts';
import { freshSlot } from './marmot/key-package-event.ts';
import { broughtRelays, chosenRelays, type RelayRefusal } from './relay-choice.ts';
import { suggestedRelays } from './relays/directory.ts';
import { openPool } from './relays/open-pool.ts';
import type { RelayPool } from './relays/pool.ts';

type Args = Readonly<Record<string, string>>;
type Flow = AsyncGenerator<FlowStep, AccountSetup | null, FlowAnswer | undefined>;

/** Times the person is asked again before the flow gives up. */
const ASK_LIMIT = 10;
const MAX_NAME_CHARACTERS = 100;

const emptyView: StateView = { get: async () => null, scan: async () => [] };
const arg = (args: Args, name: string): string => args[name] ?? '';

/** What the person can mend without starting over, and the fields to ask for. */
function askFor({ why, relay }: RelayRefusal, args: Args): (FlowStep & { readonly kind: 'ask' }) | null {
  // What is not of one relay, and no relay typed otherwise mends.
  if (relay === null && !relaysMend.includes(why)) return null;
  const value = arg(args, 'relays') || suggestedRelays.join(' ');
  return {
    kind: 'ask',
    fields: [{ name: 'relays', secret: false, value }],
    why,
    ...(relay === null ? {} : { of: relay }),
  };
}

const relaysMend: readonly FlowFailure[] = ['server-unreachable', 'certificate-refused', 'too-many-relays'];

/**
 * Adds an account in one step: a fresh key, relays that answer. Nothing is published and nothing written before it returns the setup for
 * core to store. Arguments, all optional: `displayName`, `relays` (separated by spaces), `ca` (PEM, test profiles only), `key`: `brought` for
 * a key the person has already, which core asks for in the shell's own window. It never comes through the arguments: the page hears flows,
 * and must hear no key (decision 7).
 */
export async function* addAccount(args: Args, context: LaneContext, signal: AbortSignal): Flow {
  const brought = arg(args, 'key') === 'brought' ? yield* askKey() : null;
  if (typeof brought === 'string') {
    yield { kind: 'failed', why: brought };
    return null;
  }
  let given = args;
  // What was answered last is tried too.
  for (let asked = 0; ; asked += 1) {
    yield { kind: 'progress', stage: 'connecting' };
    const tried = await attempt(given, context, signal, brought);
    if (!('why' in tried)) {
      yield { kind: 'done', conversation: null, peer: null };
      return tried;
    }
    const ask = askFor(tried, given);
    if (ask === null || asked === ASK_LIMIT || signal.aborted) {
      const why = ask === null ? tried.why : 'too-many-tries';
      yield { kind: 'failed', why: signal.aborted ? 'cancelled' : why };
      return null;
    }
    const answer = yield ask;
    if (answer?.kind !== 'fields') {
      yield { kind: 'failed', why: 'cancelled' };
      return null;
    }
    given = { ...given, ...answer.values };
  }
}

/** Asks for a secret key until one reads; else why there is none. */
async function* askKey(): AsyncGenerator<FlowStep, SecretKey | FlowFailure, FlowAnswer | undefined> {
  let why: KeyRefusal | null = null;
  for (let asked = 0; asked < ASK_LIMIT; asked += 1) {
    const answer: FlowAnswer | undefined = yield { kind: 'ask-key', why };
    if (answer?.kind !== 'key') return 'cancelled';
    const read: ReadKey = await readOwnKey(answer.text, answer.passphrase);
    if (read.kind === 'secret') return read.secret;
    ({ why } = read);
  }
  return 'too-many-tries';
}

async function attempt(
  args: Args,
  context: LaneContext,
  signal: AbortSignal,
  brought: SecretKey | null,
): Promise<AccountSetup | RelayRefusal> {
  const ca = arg(args, 'ca') || null;
  if (ca !== null && context.environment === 'live') return { why: 'test-profile-only', relay: null };
  const relays = chosenRelays(arg(args, 'relays'), context.environment);
  if ('why' in relays) return relays;
  if (signal.aborted) return { why: 'cancelled', relay: null };
  const secret = brought ?? freshSecretKey();
  const key = publicKeyOf(secret);
  const pool = openPool({
    reach: { environment: context.environment, ca, proxy: context.proxy },
    account: key,
    now: context.now,
    prove: (relay, identity, challenge) => authOperation(identity, secret, relay, challenge, context.now()),
    log: context.log,
  });
  const end = (): void => pool.close();
  signal.addEventListener('abort', end, { once: true });
  try {
    const found = await pool.fetch({ kind: 'own', account: key }, relays);
    if (found.complete.length === 0) return whyNone(pool);
    const account: Account = {
      secret,
      displayName: arg(args, 'displayName').trim().slice(0, MAX_NAME_CHARACTERS),
      ...(brought !== null
        ? broughtRelays(found.events, relays, context.environment)
        : { write: relays, inbox: relays }),
      slot: freshSlot(),
      origin: brought === null ? 'made' : 'brought',
      writtenDownAt: null,
      ca,
    };
    const work = createWork(emptyView);
    await writeAccount(work, account);
    const address = npub(key);
    return {
      network: 'nostr',
      address,
      displayName: account.displayName,
      identity: address,
      work: work.writes(),
      again: { name: key, keeps: TOLD_SPACES },
    };
  } finally {
    signal.removeEventListener('abort', end);
    pool.close();
  }
}

/** Why no relay has answered, as far as one reason stands out; of which, where there is only one. */
function whyNone(pool: RelayPool): RelayRefusal {
  const links = pool.links();
  const faults = links.map(({ state }) => ('fault' in state ? state.fault : null));
  if (faults.includes('proxy')) return { why: 'not-possible', relay: null };
  const relay = links.length === 1 ? (links[0]?.relay ?? null) : null;
  return faults.length > 0 && faults.every((fault) => fault === 'certificate')
    ? { why: 'certificate-refused', relay }
    : { why: 'server-unreachable', relay };
}
