import type { ConversationId, Millis, NetworkId, PeerId } from '../ids.ts';
import type { CodeKind } from '../code.ts';
import type { KeyRefusal } from './key.ts';
import type { StateWrite } from './state.ts';

/** A conversation between the person and a lane that takes several steps. */
export type FlowStart =
  | { readonly kind: 'add-account'; readonly args: Readonly<Record<string, string>> }
  | { readonly kind: 'invite' }
  | { readonly kind: 'join'; readonly link: string }
  | { readonly kind: 'chat'; readonly address: string }
  | { readonly kind: 'check'; readonly peer: PeerId }
  /** The server wants another password than the one that is stored. */
  | { readonly kind: 'sign-in' }
  /** Other servers are to be used, where the network lets a person choose. */
  | { readonly kind: 'relays' }
  /** The network wants to see a person before it takes more: hands it what the person's browser got. */
  | { readonly kind: 'prove-person' };

/**
 * What a page may start. `link-again`: an account that is stopped for good here, since its profile is a copy or its device was
 * taken away, is set up anew in its own place. Its lane must not run for that; one that only sets up does (`again` of `add-account`).
 */
export type FlowBegin = FlowStart | { readonly kind: 'link-again' };

/** Why a flow ended without its result; worded in shared/words. */
export const flowFailures = [
  'cancelled',
  'address-malformed',
  'server-unknown', // not in the provider table: ask for the servers
  'needs-oauth', // the provider wants a sign-in we do not have
  'server-unreachable',
  'certificate-refused',
  'login-refused',
  'tls-required',
  'test-profile-only',
  'code-malformed',
  'code-of-another-kind',
  'code-expired',
  'code-own',
  'code-differs', // a scanned code is not that of the two keys
  'numbers-differ', // the person said so
  'proof-failed', // the other side could not prove the key in the code
  'no-answer',
  'no-key',
  'not-confirmed', // the phone said no, or the code it gave does not fit
  'too-many-devices',
  'rate-limited',
  'too-many-relays',
  'too-many-tries', // asked again and again, and answered in vain
  'app-expired', // the network takes no client of this age any more
  'another-account', // than the one that is linked again
  'not-possible',
  'internal',
] as const;
export type FlowFailure = (typeof flowFailures)[number];

export type FlowStep =
  | { readonly kind: 'progress'; readonly stage: string }
  | { readonly kind: 'show-code'; readonly text: string; readonly expiresAt: Millis | null }
  | {
      readonly kind: 'ask';
      readonly fields: readonly { readonly name: string; readonly secret: boolean; readonly value: string }[];
      readonly why: FlowFailure | null;
      /** What of it `why` is of, as it was typed: one relay of several. */
      readonly of?: string;
    }
  /**
   * A secret key the person has, for an account that is being added. Core asks for it in the shell's own window, and for its
   * passphrase where `why` says so; the page is told that something goes on, and no more.
   */
  | { readonly kind: 'ask-key'; readonly why: KeyRefusal | null }
  | CompareStep
  | { readonly kind: 'done'; readonly conversation: ConversationId | null; readonly peer: PeerId | null }
  | { readonly kind: 'failed'; readonly why: FlowFailure };

/** The same bytes as they are compared by eye, and as they are read aloud (BIP-39's English words). */
export type Comparable = {
  /** `both`: one number made from both keys, which stands on both screens. */
  readonly of: 'both' | 'theirs' | 'own';
  /** Digits in groups, or a key as its network writes it. */
  readonly number: string;
  readonly words: readonly string[];
};

/** Keys put up for comparison, the same on every network. */
export type CompareStep = {
  readonly kind: 'compare';
  /** Their key, as core keeps it: core refuses where it keeps another by now. */
  readonly theirs: string;
  /** The first is what the shell's own window shows when it asks. */
  readonly values: readonly [Comparable, ...Comparable[]];
  /** What I show for the other side to scan. */
  readonly code: Uint8Array;
  /** What I can scan of theirs. */
  readonly accepts: readonly CodeKind[];
  /** Their code was scanned and fits; a yes says that it came from them. */
  readonly matched: boolean;
};

export type FlowAnswer =
  | { readonly kind: 'fields'; readonly values: Readonly<Record<string, string>> }
  /** The bytes of a code that was scanned or pasted. */
  | { readonly kind: 'code'; readonly code: Uint8Array }
  /** From core alone, to `ask-key`; a `no` to it is the person's. */
  | { readonly kind: 'key'; readonly text: string; readonly passphrase: string | null }
  | { readonly kind: 'yes' | 'no' };

/** What an `add-account` flow hands to core, beside its last step: nothing is written until then. Never leaves core. */
export type AccountSetup = {
  readonly network: NetworkId;
  readonly address: string;
  readonly displayName: string;
  /** How my own identity reads when compared, e.g. a fingerprint; shown with the account. */
  readonly identity?: string;
  readonly work: readonly StateWrite[];
  /** Where the account can begin anew in its own place, with its conversations. */
  readonly again?: Again;
};

/** What an account needs to begin anew. */
export type Again = {
  /** What names it on its network for ever, whichever device it has: an account of another name never takes its place. */
  readonly name: string;
  /** The spaces of its state that go on: what was told to core, nothing that seals or opens. All others are emptied. */
  readonly keeps: readonly string[];
};
