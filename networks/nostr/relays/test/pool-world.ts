import { startRelay } from '../../../../e2e/peers/nostr/relay.ts';
import type { Relay, RelayOptions } from '../../../../e2e/peers/nostr/relay.ts';
import { authOperation } from '../../auth.ts';
import { signEvent, type Rumor, type SignedEvent } from '../../event.ts';
import { giftWrap } from '../../gift-wrap.ts';
import { guard, type Operation, type Passed } from '../../guard.ts';
import { freshSecretKey, publicKeyOf, type PublicKey, type SecretKey } from '../../keys.ts';
import { sealGroupEvent } from '../../marmot/group-event.ts';
import type { NostrGroupId } from '../../marmot/routing.ts';
import type { RelayUrl } from '../../relay-url.ts';
import type { Ask } from '../ask.ts';
import { openPool } from '../open-pool.ts';
import type { RelayPool, Sink } from '../pool.ts';

/** Some group; its key stays the same, so that what a test seals can be told apart only by its id. */
export const group = 'cd'.repeat(32) as NostrGroupId;
const groupKey = new Uint8Array(32).fill(7);

/** One account with its pool, and relays that end with the test. */
export interface World {
  readonly secret: SecretKey;
  readonly account: PublicKey;
  readonly pool: RelayPool;
  readonly log: string[];
  relay(options?: RelayOptions): Promise<Relay>;
  end(): Promise<void>;
}

export interface WorldOptions {
  readonly environment?: 'live' | 'test';
  readonly ca?: string;
  readonly proxy?: string;
  /** Refuses to answer challenges. */
  readonly silent?: boolean;
}

/** A fresh account with nothing connected. */
export function createWorld({ environment = 'test', ca, proxy, silent }: WorldOptions = {}): World {
  const secret = freshSecretKey();
  const account = publicKeyOf(secret);
  const relays: Relay[] = [];
  const log: string[] = [];
  const pool = openPool({
    reach: { environment, ca: ca ?? null, proxy: proxy ?? null },
    account,
    now: Date.now,
    prove: (relay, identity, challenge): Operation | null =>
      silent ? null : authOperation(identity, secret, relay, challenge, Date.now()),
    log: (event, facts) => void log.push(`${event} ${JSON.stringify(facts)}`),
  });
  return {
    secret,
    account,
    pool,
    log,
    async relay(options) {
      const relay = await startRelay(options);
      relays.push(relay);
      return relay;
    },
    async end() {
      pool.close();
      for (const relay of relays) await relay.stop();
    },
  };
}

/** The address of a relay as the program has it. */
export const urlOf = (relay: Relay): RelayUrl => relay.url as RelayUrl;

/** A message to the group, at a time, of so many bytes. */
export function groupEvent(at = Date.now(), bytes = 200): SignedEvent {
  return sealGroupEvent(groupKey, group, Buffer.alloc(bytes), at);
}

/** Many messages to the group, one a second, the first at epoch second `from`. Signed with one key: only their number matters. */
export function manyGroupEvents(count: number, from: number): readonly SignedEvent[] {
  const key = freshSecretKey();
  const content = groupEvent().content;
  return Array.from({ length: count }, (_, at) =>
    signEvent({ created_at: from + at, kind: 445, tags: [['h', group]], content }, key),
  );
}

/** What the guard makes of a group event. */
export function passedGroup(account: PublicKey, event: SignedEvent): Passed {
  return passedOf({ kind: 'group-message', account, group, text: JSON.stringify(['EVENT', event]) });
}

/** What the guard makes of an operation it lets through. */
export function passedOf(operation: Operation): Passed {
  const checked = guard(operation);
  if (checked.kind === 'stop') throw new Error(`stopped: ${checked.why}`);
  return checked.frame;
}

/** An invitation to an account from a stranger. */
export function strangersWrap(to: PublicKey): SignedEvent {
  return giftWrap(freshSecretKey(), to, { created_at: 1, kind: 444, tags: [], content: 'x' }, Date.now());
}

/** Collects what a subscription brings. */
export interface Taker {
  readonly events: Rumor[];
  readonly ids: string[];
  readonly relays: RelayUrl[];
  readonly codes: string[];
  /** Resolves when this many events have come. */
  count(events: number): Promise<void>;
  caughtUp(times: number): Promise<void>;
  refused(times: number): Promise<void>;
  broken(times: number): Promise<void>;
  close(): void;
}

/** Subscribes and collects. */
export function take(
  pool: RelayPool,
  ask: Ask,
  relays: readonly RelayUrl[],
  given: Partial<Sink> = {},
): Taker {
  const events: Rumor[] = [];
  const ids: string[] = [];
  const from: RelayUrl[] = [];
  const codes: string[] = [];
  const seen = { caughtUp: 0, broken: 0 };
  const waiting = new Set<() => void>();
  const look = (): void => {
    for (const one of waiting) one();
  };
  const until = (holds: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const one = (): void => {
        if (!holds()) return;
        waiting.delete(one);
        resolve();
      };
      waiting.add(one);
      one();
    });
  const subscription = pool.subscribe(ask, relays, {
    event(event, relay) {
      events.push(event);
      ids.push(event.id);
      from.push(relay);
      look();
    },
    caughtUp() {
      seen.caughtUp += 1;
      look();
    },
    refused(_relay, code) {
      codes.push(code);
      look();
    },
    broken() {
      seen.broken += 1;
      look();
    },
    since: () => null,
    ...given,
  });
  return {
    events,
    ids,
    relays: from,
    codes,
    count: (times) => until(() => ids.length >= times),
    caughtUp: (times) => until(() => seen.caughtUp >= times),
    refused: (times) => until(() => codes.length >= times),
    broken: (times) => until(() => seen.broken >= times),
    close: () => subscription.close(),
  };
}
