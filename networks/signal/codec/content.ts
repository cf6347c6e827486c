import type { NumberKeys } from '../../../crypto/signal/number-keys.ts';
import type { ServiceId } from '../../../crypto/signal/address.ts';
import type { Content } from '../../../shared/contract/content.ts';
import type { Millis } from '../../../shared/ids.ts';
import type { Timer } from '../../../shared/lane/intent.ts';

/** Names a message as Signal does. */
export type MessageName = { readonly author: ServiceId; readonly sentAt: Millis };

/** A file on Signal's servers (AttachmentPointer); `key` opens it, `digest` is of the sealed bytes. */
export type AttachmentPointer = {
  readonly cdn: number;
  readonly id: string;
  readonly key: Uint8Array;
  readonly digest: Uint8Array;
  readonly size: number;
  readonly type: string;
  readonly name: string | null;
  readonly flags: number;
};

/** A style or mention as it travels; counts UTF-16 units. */
export type BodyRange = {
  readonly at: number;
  readonly length: number;
  readonly as: 'bold' | 'italic' | 'spoiler' | 'strike' | 'mono' | { readonly mention: ServiceId };
};

/** What one data message says. `unsupported`: something this version cannot show; `content` then says so. */
export type DataMessage = {
  readonly sentAt: Millis;
  /** Null in none but a direct conversation's message. The master key of a group otherwise. */
  readonly group: Uint8Array | null;
  readonly profileKey: Uint8Array | null;
  readonly timer: Timer;
  readonly what:
    | {
        readonly kind: 'text';
        readonly text: string;
        readonly ranges: readonly BodyRange[];
        readonly quote: MessageName | null;
        /** The whole text of a message whose `text` is only its beginning. */
        readonly longText: AttachmentPointer | null;
        readonly files: readonly AttachmentPointer[];
        readonly special: Content['special'] | null;
      }
    | { readonly kind: 'timer' }
    | {
        readonly kind: 'reaction';
        readonly target: MessageName;
        readonly emoji: string;
        readonly remove: boolean;
      }
    | { readonly kind: 'delete'; readonly targetSentAt: Millis }
    | { readonly kind: 'profile-key' | 'end-session' }
    | { readonly kind: 'unsupported' };
};

/** What arrived, decoded. Service ids are checked, times are safe integers, lists are bounded: a decoder throws or gives this. */
export type Incoming =
  | { readonly kind: 'data'; readonly data: DataMessage }
  | { readonly kind: 'edit'; readonly targetSentAt: Millis; readonly data: DataMessage }
  | {
      readonly kind: 'receipt';
      readonly as: 'delivered' | 'read' | 'viewed';
      readonly of: readonly Millis[];
    }
  | { readonly kind: 'typing'; readonly on: boolean; readonly group: Uint8Array | null; readonly at: Millis }
  | { readonly kind: 'sync'; readonly sync: Sync }
  /** Read by the engine: `retryRequest`. */
  | { readonly kind: 'decryption-error'; readonly bytes: Uint8Array }
  /** Nothing to do, nothing to show: a null message, a call offer of this slice, a story. */
  | { readonly kind: 'nothing'; readonly what: 'null-message' | 'call' | 'story' | 'sender-key' }
  | { readonly kind: 'unsupported' };

/** What another of my own devices says. Never believed of anybody but my own account. */
export type Sync =
  | {
      readonly kind: 'sent';
      /** Null for a note to myself without a destination, and for groups. */
      readonly to: ServiceId | null;
      readonly sentAt: Millis;
      readonly expirationStartedAt: Millis | null;
      readonly message: {
        readonly kind: 'data' | 'edit';
        readonly data: DataMessage;
        readonly targetSentAt: Millis | null;
      } | null;
      /** Per destination: whether it went sealed, and for which identity. */
      readonly isUpdate: boolean;
    }
  | { readonly kind: 'contacts'; readonly blob: AttachmentPointer; readonly complete: boolean }
  | { readonly kind: 'request'; readonly what: 'contacts' | 'blocked' | 'configuration' | 'keys' | 'unknown' }
  | { readonly kind: 'read' | 'viewed'; readonly of: readonly MessageName[] }
  | { readonly kind: 'blocked'; readonly services: readonly ServiceId[] }
  | {
      readonly kind: 'verified';
      readonly service: ServiceId;
      readonly identityKey: Uint8Array;
      readonly state: 'default' | 'verified' | 'unverified';
    }
  | { readonly kind: 'configuration'; readonly readReceipts: boolean | null; readonly typing: boolean | null }
  | { readonly kind: 'fetch-latest'; readonly what: 'profile' | 'storage' | 'unknown' }
  | { readonly kind: 'keys'; readonly accountEntropyPool: string | null }
  | {
      readonly kind: 'request-response';
      readonly service: ServiceId;
      readonly answer: 'accept' | 'delete' | 'block' | 'unknown';
    }
  | {
      readonly kind: 'delete-for-me';
      readonly messages: readonly { readonly conversation: ServiceId; readonly message: MessageName }[];
    }
  | {
      /** The account has another number, and these are the keys of it for the device this is told. */
      readonly kind: 'number-change';
      readonly number: string;
      readonly registrationId: number;
      readonly keys: NumberKeys;
    }
  | { readonly kind: 'other' };

/** One contact of the phone's list (the contacts blob). */
export type Contact = {
  readonly service: ServiceId;
  readonly number: string | null;
  readonly name: string | null;
  readonly timer: Timer;
};

/** What goes out; each becomes one `Content`. */
export type Outgoing =
  | { readonly kind: 'data'; readonly data: OutgoingData }
  | { readonly kind: 'edit'; readonly targetSentAt: Millis; readonly data: OutgoingData }
  | { readonly kind: 'receipt'; readonly as: 'delivered' | 'read'; readonly of: readonly Millis[] }
  | { readonly kind: 'typing'; readonly on: boolean; readonly at: Millis }
  | {
      /** The transcript for my other devices. */
      readonly kind: 'sent';
      readonly to: ServiceId;
      readonly sentAt: Millis;
      readonly message: OutgoingData;
      readonly editOf: Millis | null;
      readonly expirationStartedAt: Millis | null;
      readonly sealed: boolean;
      readonly identityKey: Uint8Array;
    }
  | { readonly kind: 'sync-read'; readonly of: readonly MessageName[] }
  | { readonly kind: 'sync-request'; readonly what: 'contacts' | 'blocked' | 'configuration' | 'keys' }
  | {
      readonly kind: 'sync-verified';
      readonly service: ServiceId;
      readonly identityKey: Uint8Array;
      readonly state: 'default' | 'verified';
    }
  | {
      readonly kind: 'sync-request-response';
      readonly service: ServiceId;
      readonly answer: 'accept' | 'block';
    }
  | { readonly kind: 'null-message' };

export type OutgoingData = {
  readonly sentAt: Millis;
  readonly profileKey: Uint8Array | null;
  readonly timer: Timer | null;
  readonly what:
    | {
        readonly kind: 'text';
        readonly text: string;
        readonly ranges: readonly BodyRange[];
        readonly quote: { readonly name: MessageName; readonly text: string } | null;
        readonly longText: AttachmentPointer | null;
      }
    | { readonly kind: 'timer' }
    | {
        readonly kind: 'reaction';
        readonly target: MessageName;
        readonly emoji: string;
        readonly remove: boolean;
      }
    | { readonly kind: 'delete'; readonly targetSentAt: Millis };
};
