import type { Device, ServiceId } from '../../crypto/signal/address.ts';
import type { ContentHint, SignalEngine } from '../../crypto/signal/engine.ts';
import type { AccountId, Millis } from '../../shared/ids.ts';
import type { FailureCode, Intent } from '../../shared/lane/intent.ts';
import type { Work } from '../../shared/lane/state.ts';
import type { OutgoingData } from './codec/content.ts';

/** What composing works with. */
export interface Composing {
  readonly account: AccountId;
  readonly own: Own;
  readonly engine: Pick<SignalEngine, 'identityOf' | 'isCurrentRatchet'>;
  readonly work: Work;
  readonly now: Millis;
  /**
   * The item was sealed before: whether it should be sent is decided already. `renewed`: the session that a device could not go on
   * with has been replaced for this item.
   */
  readonly sealed: boolean;
  readonly renewed: boolean;
}

/** My own side of what is sent. */
export interface Own {
  /** ACI. */
  readonly service: ServiceId;
  readonly device: number;
  /** Public, 33 bytes. */
  readonly identityKey: Uint8Array;
  readonly profileKey: Uint8Array;
}

/** What my other devices are told of a message once it is sent. */
export type Told = { readonly data: OutgoingData; readonly editOf: Millis | null };

/** What one outbox item sends: to whom, and what. Made over a unit of work; nothing of it is sealed yet. */
export type Draft = {
  readonly to: ServiceId;
  /** Names the message on the wire, together with its sender. */
  readonly sentAt: Millis;
  readonly what:
    | { readonly kind: 'content'; readonly content: Uint8Array }
    /** Not sealed at all: a retry request, the same for every device. */
    | { readonly kind: 'plaintext'; readonly content: Uint8Array }
    /** For one device. The server takes nothing for a part of the devices: the others get `others`. */
    | {
        readonly kind: 'one-device';
        readonly device: number;
        readonly content: Uint8Array;
        readonly others: Uint8Array;
      };
  readonly hint: ContentHint;
  /** Whether the server should wake the other side's phone. */
  readonly urgent: boolean;
  /** How long it may stay in the send log; null: it is not kept. */
  readonly keptMs: Millis | null;
  readonly told: Told | null;
  /** Goes into the outbox with the sealing commit. */
  readonly enqueue: readonly Intent[];
};

export type Composed =
  | { readonly kind: 'draft'; readonly draft: Draft }
  /** The whole text has to be uploaded first. */
  | { readonly kind: 'upload'; readonly text: string }
  /** The session with a device has to be replaced first: it could not go on with it. */
  | { readonly kind: 'renew'; readonly to: Device }
  | { readonly kind: 'failed'; readonly failure: FailureCode }
  /** Nothing is to be sent to anybody; `enqueue` may still hold something for my other devices. */
  | { readonly kind: 'void'; readonly enqueue: readonly Intent[] };

export const failed = (failure: FailureCode): Extract<Composed, { readonly kind: 'failed' }> => ({
  kind: 'failed',
  failure,
});
