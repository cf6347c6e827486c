import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import * as libsignal from '@signalapp/libsignal-client';
import { accessKeyOf } from '../../../crypto/signal/access-key.ts';
import type { ServiceId } from '../../../crypto/signal/address.ts';
import type { DeviceBundle } from '../../../crypto/signal/engine.ts';
import type { Millis } from '../../../shared/ids.ts';
import type { Incoming } from '../codec/content.ts';
import { decodeContent } from '../codec/decode.ts';
import type { DeviceMessage } from '../service/letter.ts';

/** libsignal gives a message's type as a plain number. */
const PREKEY: number = libsignal.CiphertextMessageType.PreKey;
const WHISPER: number = libsignal.CiphertextMessageType.Whisper;

/** For tests: what a device of somebody got, opened by libsignal with keys of its own. */
export interface Got {
  readonly from: ServiceId;
  readonly sealed: boolean;
  readonly type: DeviceMessage['type'];
  readonly sentAt: Millis;
  readonly content: Incoming;
}

const KYBER_ID = 1;
const PADDING_MARK = 0x80;
const plain = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from(bytes);
const named = (address: libsignal.ProtocolAddress): string => `${address.name()}.${address.deviceId()}`;

class Sessions extends libsignal.SessionStore {
  readonly kept = new Map<string, Uint8Array<ArrayBuffer>>();
  override async saveSession(address: libsignal.ProtocolAddress, record: libsignal.SessionRecord) {
    this.kept.set(named(address), record.serialize());
  }
  override async getSession(address: libsignal.ProtocolAddress) {
    const bytes = this.kept.get(named(address));
    return bytes === undefined ? null : libsignal.SessionRecord.deserialize(bytes);
  }
  override async getExistingSessions(): Promise<libsignal.SessionRecord[]> {
    throw new Error('not needed');
  }
}

class Identities extends libsignal.IdentityKeyStore {
  readonly own: libsignal.PrivateKey;
  readonly registrationId: number;
  constructor(own: libsignal.PrivateKey, registrationId: number) {
    super();
    this.own = own;
    this.registrationId = registrationId;
  }
  override getIdentityKey = async () => this.own;
  override getLocalRegistrationId = async () => this.registrationId;
  override saveIdentity = async () => libsignal.IdentityChange.NewOrUnchanged;
  override isTrustedIdentity = async () => true;
  override getIdentity = async () => null;
}

class OneTime extends libsignal.PreKeyStore {
  readonly kept = new Map<number, libsignal.PreKeyRecord>();
  override async savePreKey(id: number, record: libsignal.PreKeyRecord) {
    this.kept.set(id, record);
  }
  override async getPreKey(id: number) {
    const record = this.kept.get(id);
    if (record === undefined) throw new Error('no such prekey');
    return record;
  }
  override async removePreKey(id: number) {
    this.kept.delete(id);
  }
}

class Signed extends libsignal.SignedPreKeyStore {
  readonly kept = new Map<number, libsignal.SignedPreKeyRecord>();
  override async saveSignedPreKey(id: number, record: libsignal.SignedPreKeyRecord) {
    this.kept.set(id, record);
  }
  override async getSignedPreKey(id: number) {
    const record = this.kept.get(id);
    if (record === undefined) throw new Error('no such signed prekey');
    return record;
  }
}

class Kyber extends libsignal.KyberPreKeyStore {
  readonly kept = new Map<number, libsignal.KyberPreKeyRecord>();
  override async saveKyberPreKey(id: number, record: libsignal.KyberPreKeyRecord) {
    this.kept.set(id, record);
  }
  override async getKyberPreKey(id: number) {
    const record = this.kept.get(id);
    if (record === undefined) throw new Error('no such kyber prekey');
    return record;
  }
  override async markKyberPreKeyUsed() {}
}

/** One device of somebody, with libsignal's stores in memory. */
export class OtherDevice {
  readonly service: ServiceId;
  readonly device: number;
  readonly registrationId: number;
  readonly got: Got[] = [];
  /** How often something came that was opened before. */
  duplicates = 0;
  readonly #identity: libsignal.PrivateKey;
  readonly #sessions = new Sessions();
  readonly #identities: Identities;
  readonly #oneTime = new OneTime();
  readonly #signed = new Signed();
  readonly #kyber = new Kyber();
  #nextId = KYBER_ID;

  constructor(
    service: ServiceId,
    device: number,
    identity: libsignal.PrivateKey,
    registrationId = randomInt(1, 0x3fff),
  ) {
    this.registrationId = registrationId;
    this.service = service;
    this.device = device;
    this.#identity = identity;
    this.#identities = new Identities(identity, this.registrationId);
  }

  /** Fresh public keys. */
  async bundle(): Promise<DeviceBundle> {
    const id = this.#nextId++;
    const oneTime = libsignal.PrivateKey.generate();
    const signed = libsignal.PrivateKey.generate();
    const kyber = libsignal.KEMKeyPair.generate();
    const sign = (key: Uint8Array<ArrayBuffer>) => this.#identity.sign(key);
    const signature = sign(signed.getPublicKey().serialize());
    const pqSignature = sign(kyber.getPublicKey().serialize());
    await this.#oneTime.savePreKey(id, libsignal.PreKeyRecord.new(id, oneTime.getPublicKey(), oneTime));
    await this.#signed.saveSignedPreKey(
      id,
      libsignal.SignedPreKeyRecord.new(id, Date.now(), signed.getPublicKey(), signed, signature),
    );
    await this.#kyber.saveKyberPreKey(
      id,
      libsignal.KyberPreKeyRecord.new(id, Date.now(), kyber, pqSignature),
    );
    return {
      device: this.device,
      registrationId: this.registrationId,
      signedPreKey: { id, key: signed.getPublicKey().serialize(), signature },
      pqPreKey: { id, key: kyber.getPublicKey().serialize(), signature: pqSignature },
      preKey: { id, key: oneTime.getPublicKey().serialize() },
    };
  }

  /** Forgets every session: what comes next in one of them cannot be opened. */
  forgetSessions(): void {
    this.#sessions.kept.clear();
  }

  /** Asks this device to send something again that it sent then: a `PlaintextContent` for it. */
  retryRequest(sentAt: Millis): Uint8Array {
    const request = libsignal.DecryptionErrorMessage.forOriginal(
      Uint8Array.of(1),
      libsignal.CiphertextMessageType.SenderKey,
      sentAt,
      this.device,
    );
    return libsignal.PlaintextContent.from(request).serialize();
  }

  /** The ratchet key of the newest message in a session, as a retry request names it. @throws where it is none. */
  static ratchetKeyOf(bytes: Uint8Array, type: 'double-ratchet' | 'prekey', sentAt: Millis): Uint8Array {
    const kind =
      type === 'prekey' ? libsignal.CiphertextMessageType.PreKey : libsignal.CiphertextMessageType.Whisper;
    const key = libsignal.DecryptionErrorMessage.forOriginal(plain(bytes), kind, sentAt, 1).ratchetKey();
    if (key === undefined) throw new Error('no ratchet key');
    return key.serialize();
  }

  /** Takes a part of a message. @throws what libsignal throws where it does not open. */
  async take(part: DeviceMessage, from: ServiceId, fromDevice: number, sentAt: Millis): Promise<void> {
    let { type } = part;
    let bytes = plain(part.bytes);
    if (type === 'sealed') {
      const usmc = await libsignal.sealedSenderDecryptToUsmc(bytes, this.#identities);
      bytes = usmc.contents();
      const inner = usmc.msgType();
      type = inner === PREKEY ? 'prekey' : inner === WHISPER ? 'double-ratchet' : 'plaintext';
    }
    const content = await this.#open(type, bytes, libsignal.ProtocolAddress.new(from, fromDevice)).catch(
      (error: unknown) => {
        const known = error instanceof libsignal.LibSignalErrorBase ? error.code : null;
        if (known !== libsignal.ErrorCode.DuplicatedMessage) throw error;
        this.duplicates += 1;
        return null;
      },
    );
    if (content === null) return;
    const sealed = part.type === 'sealed';
    this.got.push({ from, sealed, type, sentAt, content: decodeContent(unpadded(content)) });
  }

  async #open(
    type: 'double-ratchet' | 'prekey' | 'plaintext',
    bytes: Uint8Array<ArrayBuffer>,
    from: libsignal.ProtocolAddress,
  ) {
    const own = libsignal.ProtocolAddress.new(this.service, this.device);
    switch (type) {
      case 'plaintext':
        return libsignal.PlaintextContent.deserialize(bytes).body();
      case 'prekey':
        return libsignal.signalDecryptPreKey(
          libsignal.PreKeySignalMessage.deserialize(bytes),
          from,
          own,
          this.#sessions,
          this.#identities,
          this.#oneTime,
          this.#signed,
          this.#kyber,
        );
      case 'double-ratchet':
        return libsignal.signalDecrypt(
          libsignal.SignalMessage.deserialize(bytes),
          from,
          own,
          this.#sessions,
          this.#identities,
        );
    }
  }

  /** Seals a content for a device that has written before. */
  async seal(
    content: Uint8Array,
    to: ServiceId,
    device: number,
  ): Promise<{ type: 'double-ratchet' | 'prekey'; bytes: Uint8Array }> {
    const message = await libsignal.signalEncrypt(
      padded(content),
      libsignal.ProtocolAddress.new(to, device),
      libsignal.ProtocolAddress.new(this.service, this.device),
      this.#sessions,
      this.#identities,
    );
    const type = message.type() === PREKEY ? 'prekey' : 'double-ratchet';
    return { type, bytes: message.serialize() };
  }
}

function unpadded(bytes: Uint8Array): Uint8Array {
  const end = bytes.findLastIndex((byte) => byte !== 0);
  if (bytes[end] !== PADDING_MARK) throw new Error('not padded');
  return bytes.slice(0, end);
}

function padded(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(Math.ceil((bytes.length + 2) / 80) * 80 - 1);
  block.set(bytes);
  block[bytes.length] = PADDING_MARK;
  return block;
}

/** Somebody with an account, and its devices. */
export class OtherAccount {
  readonly service: ServiceId;
  readonly profileKey = randomBytes(32);
  readonly devices = new Map<number, OtherDevice>();
  registered = true;
  /** Takes sealed messages under any access key. */
  takesAnybody = false;
  identity: libsignal.PrivateKey;

  constructor(service = randomUUID() as ServiceId, identity = libsignal.PrivateKey.generate()) {
    this.service = service;
    this.identity = identity;
  }

  get identityKey(): Uint8Array {
    return this.identity.getPublicKey().serialize();
  }

  get accessKey(): Uint8Array {
    return accessKeyOf(this.profileKey);
  }

  /** Adds a device, or sets it up anew: no sessions, and another registration id unless it is given. */
  setUp(device: number, registrationId?: number): OtherDevice {
    const fresh = new OtherDevice(this.service, device, this.identity, registrationId);
    this.devices.set(device, fresh);
    return fresh;
  }

  /** A new telephone: another identity, one fresh device. */
  reinstall(): OtherDevice {
    this.identity = libsignal.PrivateKey.generate();
    this.devices.clear();
    return this.setUp(1);
  }

  device(number: number): OtherDevice {
    const device = this.devices.get(number);
    if (device === undefined) throw new Error('no such device');
    return device;
  }
}
