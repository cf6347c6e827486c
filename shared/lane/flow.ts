import type { ConversationId, Millis, NetworkId, PeerId } from '../ids.ts';
import type { KeyRefusal } from './key.ts';
import type { StateWrite } from './state.ts';

export const codeKinds = [
  'signal-link',
  'signal-number',
  'openpgp-invite',
  'nostr-invite',
  'nostr-key',
] as const;
/** A scan accepts exactly one kind; every other known kind is named and refused. */
export type CodeKind = (typeof codeKinds)[number];

/** A conversation between the person and a lane that takes several steps. */
export type FlowStart =
  | { readonly kind: 'add-account'; readonly args: Readonly<Record<string, string>> }
  | { readonly kind: 'invite' }
  | { readonly kind: 'join'; readonly link: string }
  | { readonly kind: 'chat'; readonly address: string }
  | { readonly kind: 'check'; readonly peer: PeerId };

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
  'proof-failed', // the other side could not prove the key in the code
  'no-answer',
  'no-key',
  'not-confirmed', // the phone said no, or the code it gave does not fit
  'too-many-devices',
  'rate-limited',
  'app-expired', // the network takes no client of this age any more
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
    }
  /**
   * A secret key the person has, for an account that is being added. Core asks for it in the shell's own window, and for its
   * passphrase where `why` says so; the page is told that something goes on, and no more.
   */
  | { readonly kind: 'ask-key'; readonly why: KeyRefusal | null }
  | { readonly kind: 'compare'; readonly own: string; readonly theirs: string }
  /** One number that both sides see: Signal's safety number. `theirs`: the key it was made from. */
  | { readonly kind: 'compare-number'; readonly number: string; readonly theirs: string }
  | { readonly kind: 'done'; readonly conversation: ConversationId | null; readonly peer: PeerId | null }
  | { readonly kind: 'failed'; readonly why: FlowFailure };

export type FlowAnswer =
  | { readonly kind: 'fields'; readonly values: Readonly<Record<string, string>> }
  | { readonly kind: 'code'; readonly text: string }
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
};
