/**
 * What openpgp.js 6.3.2 has at run time and its typings leave out. Every cast around the library's types is in this file, so that a new
 * version of the library is checked here and nowhere else.
 */
import {
  LiteralDataPacket,
  Message,
  OnePassSignaturePacket,
  PacketList,
  PublicKey,
  SignaturePacket,
  UnparseablePacket,
  enums,
  type AnyPacket,
  type Config,
  type Key,
  type PrivateKey,
  type SecretKeyPacket,
  type SecretSubkeyPacket,
  type Subkey,
} from 'openpgp';
import type { Millis } from '../../shared/ids.ts';
import { lenient, strict } from './config.ts';
import type { Packet } from './packets.ts';

interface WithDirectSignatures {
  readonly directSignatures: readonly SignaturePacket[];
}

/** The direct-key signatures of a key (RFC 9580 §5.2.1.10), valid or not. */
export function directSignatures(key: Key): readonly SignaturePacket[] {
  return (key as unknown as WithDirectSignatures).directSignatures;
}

interface WithSelfSignature {
  getPrimarySelfSignature(date: Date | null, userID: object, config: Config): Promise<SignaturePacket>;
}

/**
 * The self-signature that speaks for the whole key: the primary user id's in version 4, the direct-key signature in version 6.
 * @param date at which it must be valid; null leaves time out.
 * @throws Error when there is none.
 */
export function primarySelfSignature(key: Key, date: Date | null, config: Config): Promise<SignaturePacket> {
  return (key as unknown as WithSelfSignature).getPrimarySelfSignature(date, {}, config);
}

/** Whether a signature packet verifies over key material; `date` null leaves time out. Never throws. */
export async function verifies(
  signature: SignaturePacket,
  by: Key['keyPacket'] | Subkey['keyPacket'],
  type: enums.signature,
  data: object,
  date: Date | null,
  config: Config,
): Promise<boolean> {
  try {
    // The library takes null for "whenever", its typings do not.
    await signature.verify(by, type, data, date as unknown as Date, false, config);
    return true;
  } catch {
    return false;
  }
}

/** A literal packet of binary data without name and date (RFC 9580 §5.9), as the library signs and verifies it. */
export function literal(data: Uint8Array): LiteralDataPacket {
  const packet = new LiteralDataPacket();
  (packet as unknown as { setBytes(bytes: Uint8Array, format: enums.literal): void }).setBytes(
    data,
    enums.literal.binary,
  );
  return packet;
}

interface SignsWithConfig {
  writeHashedSubPackets(): Uint8Array;
  sign(key: object, data: object, date: Date, detached: boolean, config: Config): Promise<void>;
}

/**
 * Signs a literal packet, with extra subpackets in the hashed area. The library has no way to add one, so this packet object alone gets a
 * writer of its own; the prototype stays as it is.
 */
export async function signLiteral(
  data: LiteralDataPacket,
  by: SecretKeyPacket | SecretSubkeyPacket,
  hash: enums.hash,
  extraSubpackets: Uint8Array,
  date: Date,
): Promise<{ readonly onePass: Uint8Array; readonly signature: Uint8Array }> {
  const signature = new SignaturePacket();
  signature.signatureType = enums.signature.binary;
  signature.publicKeyAlgorithm = by.algorithm;
  signature.hashAlgorithm = hash;
  const signs = signature as unknown as SignsWithConfig;
  signs.writeHashedSubPackets = function () {
    const whole = (SignaturePacket.prototype as unknown as SignsWithConfig).writeHashedSubPackets.call(this);
    const lengthBytes = signature.version === 6 ? 4 : 2;
    const subpackets = Buffer.concat([whole.subarray(lengthBytes), extraSubpackets]);
    const length = Buffer.alloc(lengthBytes);
    length.writeUIntBE(subpackets.length, 0, lengthBytes);
    return Uint8Array.from(Buffer.concat([length, subpackets]));
  };
  await signs.sign(by, data, date, false, strict);
  const onePass = (
    OnePassSignaturePacket as unknown as {
      fromSignaturePacket(signature: SignaturePacket, last: boolean): OnePassSignaturePacket;
    }
  ).fromSignaturePacket(signature, true);
  return { onePass: onePass.write(), signature: signature.write() };
}

/** A key rebuilt from chosen packets of another. @throws Error when they do not form a key. */
export function keyOf(packets: readonly AnyPacket[]): PublicKey {
  const list = new PacketList<AnyPacket>();
  list.push(...packets);
  return new PublicKey(list);
}

/** When a signature says it was made; epoch ms. The library reads none without a date (RFC 9580 §5.2.3.11). */
export function madeAt(signature: SignaturePacket): Millis {
  return (signature.created as Date).getTime();
}

/** Everything of two copies of one key (same fingerprint); nothing of it is checked yet. @throws Error when they are copies of two. */
export function joined(a: Key, b: Key): Promise<Key> {
  // Null for "whenever": with a date the library would drop a revocation made on a clock ahead of ours.
  return a.update(b, null as unknown as Date, lenient);
}

/** Fills in secret halves that are stubs in `key` from another copy of it. Equal fingerprints are equal public halves. */
export function completeSecrets(key: PrivateKey, from: PrivateKey): void {
  for (const part of key.getKeys() as readonly (PrivateKey | Subkey)[]) {
    if (hasSecret(part)) continue;
    const same = from.getKeys().find((one) => one.getFingerprint() === part.getFingerprint());
    if (same) (part as { keyPacket: unknown }).keyPacket = same.keyPacket;
  }
}

/** True when the secret half of this key packet is really there (GnuPG exports stubs without it). */
export function hasSecret(key: PrivateKey | Subkey): boolean {
  const packet = key.keyPacket as SecretKeyPacket | SecretSubkeyPacket;
  return packet.isDecrypted() && !packet.isMissingSecretKeyMaterial();
}

/**
 * A message of packets as they are, to be encrypted by the library. Reading them with it first would lose what follows the literal packet:
 * its reader stops there and its writer forgets the rest.
 */
export function messageOf(packets: readonly Packet[]): Message<Uint8Array> {
  const Raw = UnparseablePacket as unknown as new (tag: number, body: Uint8Array) => UnparseablePacket;
  const list = new PacketList<AnyPacket>();
  list.push(...packets.map(({ tag, body }) => new Raw(tag, body)));
  return new Message<Uint8Array>(list);
}
