import type { Content } from '../contract/content.ts';
import type { ConversationId, FileId, Millis, NetworkKey, OutboxId, PeerId } from '../ids.ts';
import type { Evidence } from '../label/evidence.ts';
import type { HoldReason } from '../label/facts.ts';

/** delivered/read/viewed, told by the other side. */
export interface Receipt {
  readonly kind: 'delivered' | 'read' | 'viewed';
  readonly of: NetworkKey;
  readonly by: PeerId;
  readonly at: Millis;
}

/** How long messages stay after they were read; `version` orders changes of it by different people. */
export type Timer = { readonly ms: Millis | null; readonly version: number };

/** Longest name of a group, in UTF-16 units: in whatever writing it is no more than the 256 bytes of UTF-8 that Marmot takes (three for a unit at most). */
export const MAX_GROUP_TITLE = 85;
/**
 * Most people in a group, me among them, and most that one change of it names: so many fit the invitation to a group in which all have renewed
 * their keys (decision 32).
 */
export const MAX_GROUP_PEERS = 45;

/** What a person changes of a group: who is in it, who may change it, what it is called. */
export type GroupChange =
  { readonly act: 'create'; readonly title: string; readonly members: readonly PeerId[] } | GroupEdit;

/** A change of a group that is there. */
export type GroupEdit =
  | { readonly act: 'add'; readonly peers: readonly PeerId[] }
  | { readonly act: 'remove' | 'promote' | 'demote'; readonly peer: PeerId }
  | { readonly act: 'rename'; readonly title: string }
  | { readonly act: 'leave' };

/** What the person (or the protocol) wants done; durable before anything is sealed. Its key and time never change. */
export type Intent = {
  readonly conversation: ConversationId | null;
  readonly sentAt: Millis;
  readonly what:
    | {
        readonly kind: 'content';
        readonly key: NetworkKey;
        readonly content: Content;
        /** The conversation's timer when it was written; it goes out with the message. Absent where the network has none. */
        readonly timer?: Timer;
      }
    | {
        readonly kind: 'reaction';
        readonly key: NetworkKey;
        readonly target: NetworkKey;
        /** The whole set of my reactions to the target after this one; empty takes them back. */
        readonly emoji: readonly string[];
      }
    | {
        readonly kind: 'edit';
        readonly key: NetworkKey;
        readonly target: NetworkKey;
        readonly content: Content;
      }
    | { readonly kind: 'delete'; readonly key: NetworkKey; readonly target: NetworkKey }
    | {
        readonly kind: 'receipt';
        readonly key: NetworkKey;
        readonly of: readonly NetworkKey[];
        /**
         * `read` is written by core when the person reads; `tell` says whether the authors are told too or only my own devices.
         * `delivered` is enqueued by lanes; core lets it go where the conversation is no active one: strangers are told nothing.
         */
        readonly as: 'delivered' | 'read';
        readonly tell: boolean;
      }
    | {
        /** Disappearing messages of the conversation from now on; null: off. */
        readonly kind: 'timer';
        readonly key: NetworkKey;
        readonly timer: Timer;
      }
    | {
        /** Core has made the conversation of a `create` and looked at my role; the lane looks again, at the group as it is then. */
        readonly kind: 'group';
        readonly key: NetworkKey;
        readonly change: GroupChange;
      }
    | {
        readonly kind: 'protocol';
        readonly key: NetworkKey;
        readonly op: string;
        readonly data: Uint8Array;
        /** The message whose words `data` holds: once that is deleted or over, it is not sent. */
        readonly of?: NetworkKey;
      };
};

/** Whether nobody typed it: a receipt, a handshake. */
export function isQuiet({ what }: Intent): boolean {
  return what.kind === 'receipt' || what.kind === 'protocol';
}

export const outboxStates = ['queued', 'sealed', 'sent', 'held', 'failed', 'cancelled'] as const;
/** queued → sealed (one commit: state, artifacts, evidence, forecast) → sent; held waits for the person; failed is final unless retried. */
export type OutboxState = (typeof outboxStates)[number];

/** The bytes made for one destination and what became of them. `ambiguous`: handed over, no answer seen. */
export type Stored = {
  readonly to: string;
  /** The key or identity they were sealed for; a second artifact under another one needs the person's act. */
  readonly identity: string;
  readonly bytes: Uint8Array | FileId;
  readonly outcome: 'pending' | 'accepted' | 'ambiguous' | 'refused';
};

export const resealReasons = [
  'device-missing',
  'device-stale',
  'session-reset',
  'epoch-passed',
  'branch-lost',
  'commit-race-lost',
  'members-changed',
  'certificate-renewed',
] as const;
/** The closed list of reasons for a second artifact to the same destination. */
export type ResealReason = (typeof resealReasons)[number];

export const failureCodes = [
  'refused-by-server', // the network said a final no
  'bounced', // accepted first, returned later
  'too-large',
  'address-unknown',
  'not-possible', // this network has no such thing
  'damaged', // the stored intent cannot be read any more
  'link-lost', // its device is no more: whether it went out is not known
] as const;
export type FailureCode = (typeof failureCodes)[number];

/** An outbox item as a lane gets it. */
export interface OutboxItem {
  readonly id: OutboxId;
  readonly intent: Intent;
  readonly state: OutboxState;
  readonly artifacts: readonly Stored[];
  readonly attempts: number;
  /** The words of the message it answers as they stand now, for networks whose answers carry them. Never stored. */
  readonly quoted?: string;
}

/** A step of one item inside a commit. */
export type OutboxStep = {
  readonly item: OutboxId;
  readonly to: OutboxState;
  readonly artifacts?: readonly Stored[];
  readonly reseal?: ResealReason;
  readonly evidence?: Evidence;
  /** With `held`. */
  readonly hold?: HoldReason;
  /** With `failed`. */
  readonly failure?: FailureCode;
};
