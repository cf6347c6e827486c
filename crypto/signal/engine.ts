import type { SafetyNumber } from './fingerprint.ts';
import type { Millis } from '../../shared/ids.ts';
import type { Evidence } from '../../shared/label/evidence.ts';
import type { SecurityFacts } from '../../shared/label/facts.ts';
import type { StateView, Work } from '../../shared/lane/state.ts';
import type { Device, Local, ServiceId } from './address.ts';
import type { PreKeyUpload, ServerKeys } from './prekeys.ts';

/** What the server handed over, parsed. `serverAt`, `sentAt`: epoch ms as told by server and sender. */
export type SignalEnvelope = {
  readonly type: 'double-ratchet' | 'prekey' | 'sealed' | 'plaintext';
  /** Null when sealed: then it is inside. */
  readonly source: Device | null;
  /** My own service id it was addressed to. */
  readonly destination: ServiceId;
  readonly sentAt: Millis;
  readonly serverAt: Millis;
  readonly content: Uint8Array;
};

/** What a lost message should do at its receiver (sealed sender's content hint). */
export type ContentHint = 'default' | 'resendable' | 'implicit';

/** An envelope whose sender is known and proven as far as sealed sender proves it; nothing of it is opened yet. */
export type Unsealed = {
  readonly from: Device;
  readonly local: Local;
  readonly type: 'double-ratchet' | 'prekey' | 'plaintext' | 'sender-key';
  readonly content: Uint8Array;
  readonly sentAt: Millis;
  readonly sealed: boolean;
  /** The identity key in the certificate of a sealed one: the session it opens under must be under the same. Null when not sealed. */
  readonly senderKey: IdentityKey | null;
  readonly hint: ContentHint;
  readonly group: Uint8Array | null;
};

export const refusals = [
  'malformed',
  'wrong-destination', // not one of my service ids
  'certificate', // not signed under a trust root, run out, or not the sender's
  'own-message', // sealed by this very device
  'untrusted-identity',
  'no-session',
  'no-prekey', // used up, or never ours
  'replayed-prekey', // a last-resort key was used with this base key before
  'old-version',
  'sender-key', // groups come later
  'decryption', // anything else libsignal says of the bytes
] as const;
/** Why an envelope is not opened. Codes only: no part of it is in any text. */
export type Refusal = (typeof refusals)[number];

/** How a key reads that is compared or kept: lower-case hex of the 33 bytes of a public key. */
export type IdentityKey = string;

export type Opened = {
  readonly kind: 'opened';
  /** A `Content` without its padding. */
  readonly plaintext: Uint8Array;
  readonly from: Device;
  readonly local: Local;
  readonly identity: IdentityKey;
  /** The identity known before, when it was another one: the ratchet has moved on to the new one already. */
  readonly identityWas: IdentityKey | null;
  /** This message made the session. */
  readonly newSession: boolean;
  readonly facts: SecurityFacts;
  /** suite, step, own-key, peer-key, sealed-sender. */
  readonly details: Evidence['details'];
};

export type OpenResult =
  | Opened
  /** Seen before: settled as such and acknowledged. */
  | { readonly kind: 'duplicate' }
  /**
   * `retry`: a ready `PlaintextContent` that asks the sender to send it again (DecryptionErrorMessage); null where asking is no
   * use or is not wanted by the sender's hint.
   */
  | { readonly kind: 'refused'; readonly why: Refusal; readonly retry: Uint8Array | null };

/** What was made for one device: the inner ciphertext, which is stored and resent; the sealed-sender wrapper is made per attempt. */
export type Sealed = {
  readonly type: 'double-ratchet' | 'prekey' | 'plaintext';
  /** Of the device, as the session knows it. */
  readonly registrationId: number;
  readonly bytes: Uint8Array;
  readonly identity: IdentityKey;
  readonly facts: SecurityFacts;
  readonly details: Evidence['details'];
};

/** Public keys of a device, as the server hands them out. */
export type DeviceBundle = {
  readonly device: number;
  readonly registrationId: number;
  readonly signedPreKey: { readonly id: number; readonly key: Uint8Array; readonly signature: Uint8Array };
  readonly pqPreKey: { readonly id: number; readonly key: Uint8Array; readonly signature: Uint8Array };
  readonly preKey: { readonly id: number; readonly key: Uint8Array } | null;
};

/** Starting a session can end badly: the server's keys may be forged or malformed. */
export type Started =
  | { readonly kind: 'started'; readonly identity: IdentityKey; readonly identityWas: IdentityKey | null }
  | { readonly kind: 'refused'; readonly why: 'malformed' | 'bad-signature' | 'old-version' };

/** What a device that could not open something of mine says (DecryptionErrorMessage). */
export type RetryRequest = {
  readonly sentAt: Millis;
  /** The device of mine it was sealed by. */
  readonly device: number;
  readonly ratchetKey: Uint8Array | null;
};

/**
 * The Signal protocol over a unit of work: libsignal's stores are an overlay over {@link Work}, spaces `session/<local>`,
 * `identity/<local>`, `prekey/<local>` and so on. A caller holds the lock of a service id from its first read to the result of
 * the commit, and makes a savepoint around each {@link SignalEngine.open}. Nothing here does I/O or knows a network.
 */
export interface SignalEngine {
  /** Takes off sealed sender, checks the certificate under the environment's trust roots. Reads only my own keys. */
  unseal(envelope: SignalEnvelope): Promise<Unsealed | { readonly kind: 'refused'; readonly why: Refusal }>;
  /** Opens it. Writes session, identity and used-up prekeys into `work`; on anything but `opened` the caller drops its savepoint. */
  open(unsealed: Unsealed, work: Work, now: Millis): Promise<OpenResult>;
  /** Whether there is a session that can seal for a device. */
  canSeal(to: Device, work: Work, now: Millis): Promise<boolean>;
  /** The devices of a service id that there are sessions with. */
  devices(
    service: ServiceId,
    work: Work,
  ): Promise<readonly { readonly device: number; readonly registrationId: number }[]>;
  /** Makes a session from a bundle (PQXDH), in place of one that is there. */
  startSession(
    bundle: DeviceBundle,
    identityKey: Uint8Array,
    service: ServiceId,
    work: Work,
    now: Millis,
  ): Promise<Started>;
  /** Pads and seals a `Content` for one device. @throws PlainsealError `not-found` without a session. */
  seal(content: Uint8Array, to: Device, work: Work, now: Millis): Promise<Sealed>;
  /** The sealed-sender wrapper of one attempt; `certificate`: the server's, of at most a day. */
  wrap(
    sealed: Pick<Sealed, 'type' | 'bytes'>,
    to: Device,
    certificate: Uint8Array,
    hint: ContentHint,
    work: Work,
  ): Promise<Uint8Array>;
  /** Puts the session away, so that the next message starts a new one. */
  archive(to: Device, work: Work): Promise<void>;
  /** Forgets the session with a device that is gone. */
  forget(to: Device, work: Work): void;
  /** Reads a plaintext content; null when it is no retry request. */
  retryRequest(plaintext: Uint8Array): RetryRequest | null;
  /** Whether the session's current ratchet is the one a retry request names: then it must be put away before sealing again. */
  isCurrentRatchet(to: Device, ratchetKey: Uint8Array, work: Work): Promise<boolean>;
  /** The identity key known of a service id. */
  identityOf(service: ServiceId, view: Pick<StateView, 'get'> | Work): Promise<IdentityKey | null>;
  /** The facts of the next send to a service id, one entry per device there is a session with; none without. */
  forecast(service: ServiceId, work: Work, now: Millis): Promise<readonly SecurityFacts[]>;
  /** What both sides compare, ACI identities only; null while the other's key is not known. */
  safetyNumber(service: ServiceId, work: Work): Promise<SafetyNumber | null>;
  /** What is to be uploaded now, if anything; new private halves are in `work`. See prekeys.ts. */
  upkeep(local: Local, counts: ServerKeys, work: Work, now: Millis): Promise<PreKeyUpload | null>;
  /** What the server compares with the keys of mine it has that are used more than once; null while I have none. See repeated-keys.ts. */
  repeatedKeysDigest(work: Pick<Work, 'get'>): Promise<Uint8Array | null>;
  /** Whether what the server hands out for this device proves that another copy of this state goes on. See repeated-keys.ts. */
  isMadeElsewhere(
    identityKey: Uint8Array,
    bundle: Pick<DeviceBundle, 'signedPreKey' | 'pqPreKey'>,
    work: Pick<Work, 'get'>,
  ): Promise<boolean>;
}

/** My own side: identity keys and addresses. Private keys stay in this object and in cells. */
export type OwnIdentities = {
  readonly aci: ServiceId;
  /** Null for an account without a number. */
  readonly pni: ServiceId | null;
  readonly device: number;
  readonly aciRegistrationId: number;
  readonly pniRegistrationId: number;
  /** Serialized libsignal private keys. */
  readonly aciIdentityKey: Uint8Array;
  readonly pniIdentityKey: Uint8Array | null;
  /** Public keys of 33 bytes; a certificate under any of them is a certificate. */
  readonly trustRoots: readonly Uint8Array[];
};
