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
import { randomUUID } from 'node:crypto';
import type { ServiceId } from '../address.ts';
import type { DeviceBundle, SignalEnvelope } from '../engine.ts';
import { pad, unpad } from '../padding.ts';
import type { FirstUpload } from '../upkeep.ts';

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
    getExistingSessions: async (addresses) => addresses.flatMap((address) => sessionOf(address) ?? []),
    getIdentityKey: async () => identity.privateKey,
    getIdentityKeyPair: async () => identity,
    getLocalRegistrationId: async () => registrationId,
    async saveIdentity(address, key) {
      const known = identities.get(address.toString());
      identities.set(address.toString(), key.serialize());
      return known !== undefined && Buffer.compare(known, key.serialize()) !== 0
        ? IdentityChange.ReplacedExisting
        : IdentityChange.NewOrUnchanged;
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

/** For tests: a device of somebody that is nothing but libsignal. */
export class RawParty {
  readonly service: ServiceId;
  readonly device: number;
  readonly registrationId: number;
  readonly identity: IdentityKeyPair;
  readonly stores: RawStores;
  #keys = 0;

  constructor(of: { service?: ServiceId; device?: number; identity?: IdentityKeyPair } = {}) {
    this.service = of.service ?? freshAci();
    this.device = of.device ?? 1;
    this.identity = of.identity ?? IdentityKeyPair.generate();
    this.registrationId = 1 + Math.floor(Math.random() * 16_000);
    this.stores = rawStores(this.identity, this.registrationId);
  }

  get address(): ProtocolAddress {
    return ProtocolAddress.new(this.service, this.device);
  }

  /** Keys for others to begin a session with. */
  async bundle(): Promise<DeviceBundle> {
    const id = ++this.#keys;
    const { privateKey } = this.identity;
    const signed = PrivateKey.generate();
    const once = PrivateKey.generate();
    const pq = KEMKeyPair.generate();
    const key = signed.getPublicKey().serialize();
    const pqKey = pq.getPublicKey().serialize();
    const signature = privateKey.sign(key);
    const pqSignature = privateKey.sign(pqKey);
    const { stores } = this;
    await stores.saveSignedPreKey(
      id,
      SignedPreKeyRecord.new(id, Date.now(), signed.getPublicKey(), signed, signature),
    );
    await stores.savePreKey(id, PreKeyRecord.new(id, once.getPublicKey(), once));
    await stores.saveKyberPreKey(id, KyberPreKeyRecord.new(id, Date.now(), pq, pqSignature));
    return {
      device: this.device,
      registrationId: this.registrationId,
      signedPreKey: { id, key, signature },
      pqPreKey: { id, key: pqKey, signature: pqSignature },
      preKey: { id, key: once.getPublicKey().serialize() },
    };
  }

  /** Begins a session from what a device of mine uploaded; `take` picks among the one-time keys, null the last resort. */
  async meet(
    of: {
      readonly service: ServiceId;
      readonly device: number;
      readonly registrationId: number;
      readonly key: Uint8Array;
    },
    upload: FirstUpload,
    take: number | null,
  ): Promise<void> {
    const once = take === null ? undefined : upload.preKeys[take];
    const pq = take === null ? upload.pqLastResortPreKey : upload.pqPreKeys[take];
    if (pq === undefined) throw new Error('no such key');
    const bundle = PreKeyBundle.new(
      of.registrationId,
      of.device,
      once?.id ?? null,
      once === undefined ? null : PublicKey.deserialize(Uint8Array.from(once.key)),
      upload.signedPreKey.id,
      PublicKey.deserialize(Uint8Array.from(upload.signedPreKey.key)),
      Uint8Array.from(upload.signedPreKey.signature),
      PublicKey.deserialize(Uint8Array.from(of.key)),
      pq.id,
      KEMPublicKey.deserialize(Uint8Array.from(pq.key)),
      Uint8Array.from(pq.signature),
    );
    const to = ProtocolAddress.new(of.service, of.device);
    await processPreKeyBundle(bundle, to, this.address, this.stores, this.stores);
  }

  /** Seals a content for a device; `padded: false` leaves the padding out. */
  async cipher(
    content: Uint8Array,
    to: { readonly service: ServiceId; readonly device: number },
    padded = true,
  ): Promise<CiphertextMessage> {
    const address = ProtocolAddress.new(to.service, to.device);
    const bytes = padded ? pad(content) : Uint8Array.from(content);
    return signalEncrypt(bytes, address, this.address, this.stores, this.stores);
  }

  /** An envelope as the server hands it over, its sender in the clear. */
  async write(
    content: Uint8Array,
    to: { readonly service: ServiceId; readonly device: number },
    of: Partial<SignalEnvelope> & { readonly padded?: boolean } = {},
  ): Promise<SignalEnvelope> {
    const { padded = true, ...rest } = of;
    const message = await this.cipher(content, to, padded);
    return {
      type: message.type() === CiphertextMessageType.PreKey ? 'prekey' : 'double-ratchet',
      source: { service: this.service, device: this.device },
      destination: to.service,
      sentAt: 1_000,
      serverAt: 2_000,
      content: message.serialize(),
      ...rest,
    };
  }

  /** An envelope under sealed sender. */
  async writeSealed(
    content: Uint8Array,
    to: { readonly service: ServiceId; readonly device: number; readonly key: Uint8Array },
    certificate: SenderCertificate,
    of: Partial<SignalEnvelope> & { readonly hint?: ContentHint; readonly group?: Uint8Array } = {},
  ): Promise<SignalEnvelope> {
    const { hint = ContentHint.Resendable, group, ...rest } = of;
    const message = await this.cipher(content, to);
    return { ...(await this.seal(message, to, certificate, hint, group)), ...rest };
  }

  /** Wraps a ciphertext of any kind. */
  async seal(
    message: CiphertextMessage,
    to: { readonly service: ServiceId; readonly device: number; readonly key: Uint8Array },
    certificate: SenderCertificate,
    hint: ContentHint,
    group?: Uint8Array,
  ): Promise<SignalEnvelope> {
    const inner = UnidentifiedSenderMessageContent.new(
      message,
      certificate,
      hint,
      group === undefined ? null : Uint8Array.from(group),
    );
    const address = ProtocolAddress.new(to.service, to.device);
    await this.stores.saveIdentity(address, PublicKey.deserialize(Uint8Array.from(to.key)));
    return {
      type: 'sealed',
      source: null,
      destination: to.service,
      sentAt: 1_000,
      serverAt: 2_000,
      content: await sealedSenderEncrypt(inner, address, this.stores),
    };
  }

  /** Opens what the engine sealed for this device. */
  async read(
    sealed: { readonly type: string; readonly bytes: Uint8Array },
    from: { readonly service: ServiceId; readonly device: number },
  ): Promise<Uint8Array | null> {
    const address = ProtocolAddress.new(from.service, from.device);
    const bytes = Uint8Array.from(sealed.bytes);
    const { stores } = this;
    const padded =
      sealed.type === 'prekey'
        ? await signalDecryptPreKey(
            PreKeySignalMessage.deserialize(bytes),
            address,
            this.address,
            stores,
            stores,
            stores,
            stores,
            stores,
          )
        : await signalDecrypt(SignalMessage.deserialize(bytes), address, this.address, stores, stores);
    return unpad(padded);
  }

  /** Takes off sealed sender. */
  async unwrap(wrapped: Uint8Array): Promise<UnidentifiedSenderMessageContent> {
    return sealedSenderDecryptToUsmc(Uint8Array.from(wrapped), this.stores);
  }
}
