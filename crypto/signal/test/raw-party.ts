import {
  CiphertextMessageType,
  ContentHint,
  IdentityChange,
  IdentityKeyPair,
  KEMKeyPair,
  KyberPreKeyRecord,
  PreKeyBundle,
  PreKeyRecord,
  PreKeySignalMessage,
  PrivateKey,
  ProtocolAddress,
  PublicKey,
  SenderCertificate,
  ServerCertificate,
  SessionRecord,
  SignalMessage,
  SignedPreKeyRecord,
  UnidentifiedSenderMessageContent,
  processPreKeyBundle,
  sealedSenderDecryptToUsmc,
  sealedSenderEncrypt,
  signalDecrypt,
  signalDecryptPreKey,
  signalEncrypt,
  KEMPublicKey,
  type CiphertextMessage,
  type IdentityKeyStore,
  type KyberPreKeyStore,
  type PreKeyStore,
  type SessionStore,
  type SignedPreKeyStore,
} from '@signalapp/libsignal-client';
import { randomInt, randomUUID } from 'node:crypto';
import type { ServiceId } from '../address.ts';
import type { DeviceBundle, SignalEnvelope } from '../engine.ts';
import { pad, unpad } from '../padding.ts';
import type { FirstUpload } from '../upkeep.ts';

/** libsignal gives a message's type as a plain number. */
const PREKEY: number = CiphertextMessageType.PreKey;

export type RawStores = SessionStore & IdentityKeyStore & PreKeyStore & SignedPreKeyStore & KyberPreKeyStore;

/** For tests: libsignal's stores in memory, everything serialized as a database has it. */
export function rawStores(identity: IdentityKeyPair, registrationId: number): RawStores {
  const sessions = new Map<string, Uint8Array<ArrayBuffer>>();
  const identities = new Map<string, Uint8Array<ArrayBuffer>>();
  const preKeys = new Map<number, Uint8Array<ArrayBuffer>>();
  const signed = new Map<number, Uint8Array<ArrayBuffer>>();
  const pq = new Map<number, Uint8Array<ArrayBuffer>>();
  const must = (bytes: Uint8Array<ArrayBuffer> | undefined): Uint8Array<ArrayBuffer> => {
    if (bytes === undefined) throw new Error('no such key');
    return bytes;
  };
  const sessionOf = (address: ProtocolAddress): SessionRecord | null => {
    const bytes = sessions.get(address.toString());
    return bytes === undefined ? null : SessionRecord.deserialize(bytes);
  };
  return {
    saveSession: async (address, record) => void sessions.set(address.toString(), record.serialize()),
    getSession: async (address) => sessionOf(address),
    getExistingSessions: async () => [],
    getIdentityKey: async () => identity.privateKey,
    getIdentityKeyPair: async () => identity,
    getLocalRegistrationId: async () => registrationId,
    async saveIdentity(address, key) {
      identities.set(address.toString(), key.serialize());
      return IdentityChange.NewOrUnchanged;
    },
    isTrustedIdentity: async () => true,
    async getIdentity(address) {
      const known = identities.get(address.toString());
      return known === undefined ? null : PublicKey.deserialize(known);
    },
    savePreKey: async (id, record) => void preKeys.set(id, record.serialize()),
    getPreKey: async (id) => PreKeyRecord.deserialize(must(preKeys.get(id))),
    removePreKey: async (id) => void preKeys.delete(id),
    saveSignedPreKey: async (id, record) => void signed.set(id, record.serialize()),
    getSignedPreKey: async (id) => SignedPreKeyRecord.deserialize(must(signed.get(id))),
    saveKyberPreKey: async (id, record) => void pq.set(id, record.serialize()),
    getKyberPreKey: async (id) => KyberPreKeyRecord.deserialize(must(pq.get(id))),
    markKyberPreKeyUsed: async () => undefined,
  };
}

/** For tests: who signs sealed sender's certificates. */
export interface Authority {
  readonly root: PublicKey;
  certify(of: {
    readonly service: string;
    readonly device: number;
    readonly key: PublicKey;
    readonly expiresAt?: number;
  }): SenderCertificate;
}

export function createAuthority(): Authority {
  const root = PrivateKey.generate();
  const server = PrivateKey.generate();
  const certificate = ServerCertificate.new(1, server.getPublicKey(), root);
  return {
    root: root.getPublicKey(),
    certify: ({ service, device, key, expiresAt = Number.MAX_SAFE_INTEGER }) =>
      SenderCertificate.new(service, null, device, key, expiresAt, certificate, server),
  };
}

export const freshAci = (): ServiceId => randomUUID() as ServiceId;
export const freshPni = (): ServiceId => `PNI:${randomUUID()}` as ServiceId;

type Them = { readonly service: ServiceId; readonly device: number };
/** With the public identity key. */
type Known = Them & { readonly key: Uint8Array };

/** For tests: a device of somebody that is nothing but libsignal. */
export interface RawParty extends Them {
  readonly identity: IdentityKeyPair;
  readonly registrationId: number;
  readonly stores: RawStores;
  /** Keys for others to begin a session with. */
  bundle(): Promise<DeviceBundle>;
  /** Begins a session from what a device of mine uploaded; `take` picks among the one-time keys, null the last resort. */
  meet(
    of: Known & { readonly registrationId: number },
    upload: FirstUpload,
    take: number | null,
  ): Promise<void>;
  /** Seals a content for a device; `padded: false` leaves the padding out. */
  cipher(content: Uint8Array, to: Them, padded?: boolean): Promise<CiphertextMessage>;
  /** An envelope as the server hands it over, its sender in the clear. */
  write(
    content: Uint8Array,
    to: Them,
    of?: Partial<SignalEnvelope> & { readonly padded?: boolean },
  ): Promise<SignalEnvelope>;
  /** An envelope under sealed sender. */
  writeSealed(
    content: Uint8Array,
    to: Known,
    certificate: SenderCertificate,
    of?: { readonly hint?: ContentHint; readonly group?: Uint8Array },
  ): Promise<SignalEnvelope>;
  /** Wraps a ciphertext of any kind. */
  wrap(
    message: CiphertextMessage,
    to: Known,
    certificate: SenderCertificate,
    of?: { readonly hint?: ContentHint; readonly group?: Uint8Array },
  ): Promise<SignalEnvelope>;
  /** Opens what the engine sealed for this device. */
  read(sealed: { readonly type: string; readonly bytes: Uint8Array }, from: Them): Promise<string | null>;
  /** Takes off sealed sender. */
  unwrap(wrapped: Uint8Array): Promise<UnidentifiedSenderMessageContent>;
}

const addressOf = ({ service, device }: Them): ProtocolAddress => ProtocolAddress.new(service, device);
const own = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from(bytes);

export function createRawParty(
  of: { readonly service?: ServiceId; readonly device?: number; readonly identity?: IdentityKeyPair } = {},
): RawParty {
  const { service = freshAci(), device = 1, identity = IdentityKeyPair.generate() } = of;
  const me = { service, device };
  const registrationId = randomInt(1, 16_000);
  const stores = rawStores(identity, registrationId);
  let keys = 0;

  const party: RawParty = {
    ...me,
    identity,
    registrationId,
    stores,
    async bundle() {
      const id = ++keys;
      const signed = PrivateKey.generate();
      const once = PrivateKey.generate();
      const pq = KEMKeyPair.generate();
      const key = signed.getPublicKey().serialize();
      const pqKey = pq.getPublicKey().serialize();
      const signature = identity.privateKey.sign(key);
      const pqSignature = identity.privateKey.sign(pqKey);
      const signedRecord = SignedPreKeyRecord.new(id, 0, signed.getPublicKey(), signed, signature);
      await stores.saveSignedPreKey(id, signedRecord);
      await stores.savePreKey(id, PreKeyRecord.new(id, once.getPublicKey(), once));
      await stores.saveKyberPreKey(id, KyberPreKeyRecord.new(id, 0, pq, pqSignature));
      return {
        device,
        registrationId,
        signedPreKey: { id, key, signature },
        pqPreKey: { id, key: pqKey, signature: pqSignature },
        preKey: { id, key: once.getPublicKey().serialize() },
      };
    },
    async meet(them, upload, take) {
      const once = take === null ? undefined : upload.preKeys[take];
      const pq = take === null ? upload.pqLastResortPreKey : upload.pqPreKeys[take];
      if (pq === undefined) throw new Error('no such key');
      const bundle = PreKeyBundle.new(
        them.registrationId,
        them.device,
        once?.id ?? null,
        once === undefined ? null : PublicKey.deserialize(own(once.key)),
        upload.signedPreKey.id,
        PublicKey.deserialize(own(upload.signedPreKey.key)),
        own(upload.signedPreKey.signature),
        PublicKey.deserialize(own(them.key)),
        pq.id,
        KEMPublicKey.deserialize(own(pq.key)),
        own(pq.signature),
      );
      await processPreKeyBundle(bundle, addressOf(them), addressOf(me), stores, stores);
    },
    cipher: (content, to, padded = true) =>
      signalEncrypt(padded ? pad(content) : own(content), addressOf(to), addressOf(me), stores, stores),
    async write(content, to, { padded = true, ...rest } = {}) {
      const message = await party.cipher(content, to, padded);
      return {
        type: message.type() === PREKEY ? 'prekey' : 'double-ratchet',
        source: me,
        destination: to.service,
        sentAt: 1_000,
        serverAt: 2_000,
        content: message.serialize(),
        ...rest,
      };
    },
    writeSealed: async (content, to, certificate, rest) =>
      party.wrap(await party.cipher(content, to), to, certificate, rest),
    async wrap(message, to, certificate, { hint = ContentHint.Resendable, group } = {}) {
      const inner = UnidentifiedSenderMessageContent.new(
        message,
        certificate,
        hint,
        group === undefined ? null : own(group),
      );
      await stores.saveIdentity(addressOf(to), PublicKey.deserialize(own(to.key)));
      return {
        type: 'sealed',
        source: null,
        destination: to.service,
        sentAt: 1_000,
        serverAt: 2_000,
        content: await sealedSenderEncrypt(inner, addressOf(to), stores),
      };
    },
    async read({ type, bytes }, from) {
      const padded =
        type === 'prekey'
          ? await signalDecryptPreKey(
              PreKeySignalMessage.deserialize(own(bytes)),
              addressOf(from),
              addressOf(me),
              stores,
              stores,
              stores,
              stores,
              stores,
            )
          : await signalDecrypt(
              SignalMessage.deserialize(own(bytes)),
              addressOf(from),
              addressOf(me),
              stores,
              stores,
            );
      const content = unpad(padded);
      return content === null ? null : Buffer.from(content).toString();
    },
    unwrap: (wrapped) => sealedSenderDecryptToUsmc(own(wrapped), stores),
  };
  return party;
}
