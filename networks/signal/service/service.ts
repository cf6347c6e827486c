import type { Device, Local, ServiceId } from '../../../crypto/signal/address.ts';
import type { DeviceBundle, SignalEnvelope } from '../../../crypto/signal/engine.ts';
import type { OneTimeCounts, PreKeyUpload } from '../../../crypto/signal/prekeys.ts';
import type { EnvelopeKey, Millis } from '../../../shared/ids.ts';
import type { AttachmentPointer } from '../codec/content.ts';
import type { Letter } from './letter.ts';

/** One envelope from the queue. It is acknowledged only once the commit that settles it stands. */
export type Delivery = {
  /** The server's guid where it gives one, else a digest of sender, time, type and content. */
  readonly key: EnvelopeKey;
  /** Null for what is no message: `receipt` says that the server took over delivering. `malformed` could not be parsed. */
  readonly envelope: SignalEnvelope | null;
  readonly receipt: { readonly from: Device; readonly sentAt: Millis } | null;
  readonly malformed: boolean;
  /** The identity of my new number, where the server says that one of my devices tells of a new one. */
  readonly updatedPni?: ServiceId;
  readonly raw: Uint8Array;
  acknowledge(): void;
};

/** Why the connection ended or could not be made. */
export type Disconnected =
  { readonly kind: 'offline' | 'captive-portal' } | { readonly kind: 'unlinked' | 'expired' | 'elsewhere' };

/** Of a running account: connects, keeps alive, reconnects; hands over what comes. Sealed sending uses the second, anonymous connection. */
export interface SignalConnection {
  /** Deliveries in the server's order. */
  readonly deliveries: AsyncIterable<Delivery>;
  /** Resolves once the queue the server held is handed over. */
  readonly queueEmpty: Promise<void>;
  /** Resolves when it ends. */
  readonly ended: Promise<Disconnected>;
  readonly service: SignalService;
  close(): void;
}

/** What can become of a request that goes wrong; anything else is thrown. */
export type Trouble =
  | { readonly kind: 'offline' }
  | { readonly kind: 'rate-limited'; readonly retryAfterMs: Millis | null }
  | { readonly kind: 'unlinked' | 'expired' };

export type SendAnswer =
  | { readonly kind: 'sent' }
  /** 409 */
  | { readonly kind: 'mismatched'; readonly missing: readonly number[]; readonly extra: readonly number[] }
  /** 410 */
  | { readonly kind: 'stale'; readonly devices: readonly number[] }
  /** 404 */
  | { readonly kind: 'unregistered' }
  /** 401 or 403 of a sealed send: the access key does not fit. */
  | { readonly kind: 'unauthorized' }
  /** 428 */
  | {
      readonly kind: 'challenge';
      readonly token: string;
      readonly retryAfterMs: Millis | null;
      readonly options: readonly string[];
    }
  /** 413 */
  | { readonly kind: 'too-large' }
  /** Another final no. */
  | { readonly kind: 'refused'; readonly status: number }
  /** Handed over, no answer seen: it may have arrived. */
  | { readonly kind: 'ambiguous' }
  | Trouble;

/** The calls of Signal's service this slice needs, each over the guard. */
export interface SignalService {
  /** Public keys of all devices of a service id, or of one. `unregistered`: 404; `unusable`: an answer without keys that a session begins with. */
  bundles(
    service: ServiceId,
    device: number | '*',
  ): Promise<
    | {
        readonly kind: 'bundles';
        readonly identityKey: Uint8Array;
        readonly devices: readonly DeviceBundle[];
      }
    | { readonly kind: 'unregistered' }
    | { readonly kind: 'unusable' }
    | Trouble
  >;
  /** Sends one message to all devices of a service id. */
  send(letter: Letter): Promise<SendAnswer>;
  /** A sender certificate of mine (without my number). */
  senderCertificate(): Promise<{ readonly kind: 'certificate'; readonly bytes: Uint8Array } | Trouble>;
  /** The sealed name in somebody's profile, null where there is none; 404 and 401 are `unknown`. */
  profile(
    service: ServiceId,
    profileKey: Uint8Array,
  ): Promise<
    | {
        readonly kind: 'profile';
        readonly identityKey: Uint8Array | null;
        readonly name: Uint8Array | null;
        /** 32 bytes that prove the access key; absent: sealed sending is not offered. */
        readonly unidentifiedAccess: Uint8Array | null;
        readonly unrestrictedUnidentifiedAccess: boolean;
      }
    | { readonly kind: 'unknown' }
    | Trouble
  >;
  preKeyCounts(local: Local): Promise<({ readonly kind: 'counts' } & OneTimeCounts) | Trouble>;
  /** Whether the server has the same keys of my account that are used more than once; `unknown`: it does not say. */
  checkKeys(digest: Uint8Array): Promise<{ readonly kind: 'same' | 'other' | 'unknown' } | Trouble>;
  /** `refused`: 422, they do not fit the identity that the server knows; most often the number is another one by now. */
  uploadPreKeys(local: Local, upload: PreKeyUpload): Promise<{ readonly kind: 'done' | 'refused' } | Trouble>;
  /** A username (`name.01`) or an account's service id; null when nobody has it. */
  lookUpUsername(
    username: string,
  ): Promise<{ readonly kind: 'found'; readonly service: ServiceId | null } | Trouble>;
  /** Sealed bytes of a file; the caller opens them. At most `maxBytes`. */
  download(
    pointer: Pick<AttachmentPointer, 'cdn' | 'id'>,
    maxBytes: number,
  ): Promise<{ readonly kind: 'bytes'; readonly bytes: Uint8Array } | { readonly kind: 'gone' } | Trouble>;
  /** Stores sealed bytes; gives where they lie. */
  upload(
    bytes: Uint8Array,
  ): Promise<{ readonly kind: 'stored'; readonly cdn: number; readonly id: string } | Trouble>;
  /** Answers a challenge with what the person's browser got. */
  answerChallenge(token: string, captcha: string): Promise<{ readonly kind: 'done' | 'refused' } | Trouble>;
}
