import type { Millis } from '../../../shared/ids.ts';
import type { Rumor, SignedEvent } from '../event.ts';
import type { Identity, Passed } from '../guard.ts';
import type { RelayUrl } from '../relay-url.ts';
import type { Ask } from './ask.ts';
import type { RelayCode } from './frame.ts';
import type { RelayFault } from './socket.ts';

/** What became of an event at one relay. */
export type RelayOutcome =
  /** OK true. Only this is an acknowledgement. */
  | { readonly kind: 'accepted' }
  /** OK false. */
  | { readonly kind: 'refused'; readonly code: RelayCode }
  /** Not handed over: longer than the relay says it takes (NIP-11), in bytes. */
  | { readonly kind: 'too-large'; readonly most: number }
  /** Handed over, no answer seen: it may be there. The same event can be sent again. */
  | { readonly kind: 'ambiguous' }
  /** Never handed over. */
  | { readonly kind: 'offline'; readonly fault: RelayFault };

/** One event on its way to several relays. Every relay is tried, also after the first has accepted. */
export interface Publication {
  /** `accepted` as soon as one relay has; else, once all have settled: `ambiguous` when one may have it, `nowhere` when none can. */
  readonly first: Promise<'accepted' | 'ambiguous' | 'nowhere'>;
  /** What became of it at each relay; resolves when all have settled. */
  readonly outcomes: Promise<ReadonlyMap<RelayUrl, RelayOutcome>>;
}

/** Who takes what a subscription brings. */
export interface Sink {
  /**
   * One event that was asked for, its author's signature checked but for messages of groups (`isAnonymous` in ask.ts). It comes once per
   * subscription however many relays send it. The next one of the same relay waits for it.
   * What cannot be worked off now is the sink's to keep: the relay will not send it again before the next connection.
   */
  event(event: Rumor, relay: RelayUrl): void | Promise<void>;
  /** Whether an event is settled from an earlier run: it is then neither checked nor handed over. */
  known?(id: string): boolean;
  /** A relay has given all it had stored in the range. */
  caughtUp?(relay: RelayUrl): void;
  /** A relay does not answer this ask. It is asked again, later or at the next connection. */
  refused?(relay: RelayUrl, code: RelayCode): void;
  /** A relay cannot be reached, or no longer. It is tried again. */
  broken?(relay: RelayUrl): void;
  /** A relay is about to be asked, at every connection: what it has stored comes next. */
  asked?(relay: RelayUrl): void;
  /** Epoch seconds from which a relay's stored events are wanted, asked at every connection; null for all. A hint: events may be dated at will. */
  since(relay: RelayUrl): number | null;
}

/** An ask that stays open, over breaks of the connection. */
export interface Subscription {
  close(): void;
}

/** What one fetch brought. */
export interface Fetched {
  /** Verified, each once, newest first. */
  readonly events: readonly SignedEvent[];
  /** The relays that have given all they had. Without any, nothing is known: an empty answer is no answer. */
  readonly complete: readonly RelayUrl[];
}

/** How a connection stands. */
export type LinkState =
  | { readonly kind: 'idle' | 'connecting' | 'online' }
  | { readonly kind: 'offline'; readonly fault: RelayFault; readonly retryAt: Millis }
  /** Never tried in this environment. */
  | { readonly kind: 'barred'; readonly fault: RelayFault };

/** One connection of the pool. Its relay sees my IP address, whoever it speaks as. */
export interface LinkReport {
  readonly relay: RelayUrl;
  readonly identity: Identity;
  readonly state: LinkState;
}

/**
 * The relays of one account. A relay that serves both my inbox and a group gets two connections, one as the account and one as nobody, so
 * that nothing but time and IP address ties them together.
 */
export interface RelayPool {
  /** Hands an event to each relay, connecting where needed. @throws Error for a frame that is no event the guard has passed. */
  publish(frame: Passed, relays: readonly RelayUrl[], signal?: AbortSignal): Publication;
  /** Asks for what is stored and what comes, until closed. */
  subscribe(ask: Ask, relays: readonly RelayUrl[], sink: Sink): Subscription;
  /** Asks for what is stored, once; ends when every relay has answered or failed, or after `timeoutMs`. */
  fetch(ask: Ask, relays: readonly RelayUrl[], options?: { readonly timeoutMs?: Millis }): Promise<Fetched>;
  links(): readonly LinkReport[];
  /** The network is back, or the person asks: no pause is waited for. */
  wake(): void;
  /** Ends everything; what is under way settles as it stands. */
  close(): void;
}
