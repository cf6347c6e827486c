import type { Content } from '../contract/content.ts';
import type { ConversationId, Millis, NetworkKey, PeerId, ProtocolId } from '../ids.ts';
import type { Evidence } from '../label/evidence.ts';
import type { Trust } from '../label/facts.ts';
import type { FailureCode, Receipt, Timer } from './intent.ts';

export type Target = { readonly conversation: ConversationId; readonly key: NetworkKey };

/** What a lane knows of a conversation. A first patch creates it and must then carry kind, protocol and (direct) peer. */
export interface ConversationPatch {
  readonly kind?: 'direct' | 'group' | 'channel' | 'self';
  readonly peer?: PeerId;
  /** May rise from none, never fall: core refuses the commit. */
  readonly protocol?: ProtocolId;
  readonly state?: 'request' | 'active' | 'left' | 'blocked';
  readonly title?: string;
  /** Who gave the title, where the network tells. */
  readonly by?: PeerId | 'me';
  /** A lower version than the one known changes nothing. */
  readonly timer?: Timer;
}

export const noteCodes = [
  'arrived-in-the-clear', // a plain mail from somebody we talk to end to end
  'not-opened', // quarantined: damaged or refused
  'not-fetched', // a post-message or an attachment that this version cannot fetch
  'not-kept', // written before they were accepted, over what is kept of such people
  'checked', // SecureJoin or a comparison ended well
  'identity-changed',
  'new-device', // of a peer, under the identity already known
  'timer-changed',
  'below-floor', // a message of mine would have gone out less private than allowed
  'check-failed',
  'group-made',
  'group-renamed',
  'group-not-made',
  'group-not-changed',
  'member-joined',
  'member-left',
  'member-removed',
  'member-promoted',
  'member-demoted',
  'member-not-added',
  'member-not-invited', // in it for everybody, and no relay took the invitation
  'invitation-over', // accepted too late: nothing opens it any more
  'group-lost', // the state by which I was in it is no more
] as const;
/** Rows that Plainseal itself states in a conversation. */
export type NoteCode = (typeof noteCodes)[number];

/** A fact about the world that a commit makes durable. A change whose target is not here yet waits, bounded, until it arrives. */
export type Change =
  | {
      readonly kind: 'peer';
      readonly peer: PeerId;
      /** What is compared: a fingerprint, an address, a service id. */
      readonly identity: string;
      readonly address: string | null;
      /** As the other side calls itself; never trusted for anything but display. */
      readonly name: string | null;
    }
  | {
      readonly kind: 'message';
      readonly target: Target;
      readonly author: PeerId | 'me';
      readonly sentAt: Millis;
      readonly content: Content;
      readonly evidence: Evidence;
      /**
       * It goes this long after it was read (mine: sent). `startedAt`: when that began, if it has: another of my devices sent it, or
       * I read it there.
       */
      readonly expires?: { readonly afterMs: Millis; readonly startedAt: Millis | null };
    }
  | {
      readonly kind: 'edit';
      readonly target: Target;
      readonly by: PeerId | 'me';
      readonly content: Content;
      readonly evidence: Evidence;
    }
  | {
      readonly kind: 'reaction';
      readonly target: Target;
      readonly by: PeerId | 'me';
      readonly emoji: readonly string[];
      readonly evidence: Evidence;
    }
  | { readonly kind: 'delete'; readonly target: Target; readonly by: PeerId | 'me' }
  | { readonly kind: 'receipt'; readonly receipt: Receipt }
  | {
      readonly kind: 'delivery-failed';
      readonly of: NetworkKey;
      readonly why: FailureCode;
      readonly at: Millis;
    }
  /** I read it on another of my devices, `at` then if that is known. */
  | { readonly kind: 'own-read'; readonly target: Target; readonly at?: Millis }
  | {
      readonly kind: 'note';
      readonly conversation: ConversationId;
      /** Makes the row unique, so that a second delivery does not state it twice. */
      readonly key: NetworkKey;
      readonly code: NoteCode;
      readonly at: Millis;
      /** Shown as the other side's own words, never as ours. */
      readonly quoted?: string;
      /** Whom it names, where the conversation does not say. */
      readonly of?: readonly (PeerId | 'me')[];
    }
  | { readonly kind: 'conversation'; readonly id: ConversationId; readonly patch: ConversationPatch }
  | {
      /** Who is in a group. My own account is `me` here, never a peer. */
      readonly kind: 'member';
      readonly conversation: ConversationId;
      readonly peer: PeerId | 'me';
      readonly act: 'joined' | 'left' | 'removed' | 'promoted' | 'demoted' | 'invited';
      readonly by: PeerId | 'me' | null;
    }
  | {
      readonly kind: 'device';
      readonly peer: PeerId;
      readonly device: string;
      readonly act: 'added' | 'removed';
      readonly sameIdentity: boolean;
    }
  | {
      /** The peer's key is now another (or was proven): `trust` is what follows from it. `changed` holds its conversations. */
      readonly kind: 'identity';
      readonly peer: PeerId;
      readonly was: string | null;
      readonly now: string;
      readonly trust: Trust;
    }
  | { readonly kind: 'peers-merged'; readonly from: PeerId; readonly into: PeerId };
