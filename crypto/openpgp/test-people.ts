/** Throw-away people and hand-made messages of the tests in this folder. */
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import {
  PublicSubkeyPacket,
  SignaturePacket,
  Subkey,
  createMessage,
  encryptSessionKey,
  enums,
  readKey,
  readPrivateKey,
  sign,
  type Key,
  type PrivateKey,
  type PublicKey,
} from 'openpgp';
import { createWork } from '../../shared/lane/work.ts';
import type { StateCell, StateKey, StateView, Work } from '../../shared/lane/state.ts';
import { lowOrderPoints } from '../../shared/test/low-order-points.ts';
import { armor, dearmor } from './armor.ts';
import { readCertificate } from './certificate.ts';
import { strict } from './config.ts';
import { generateOwnKey, type Certificate, type OwnKey } from './keys.ts';
import { TAG, packet } from './packets.ts';
import { seal } from './seal.ts';
import { AES_128, sealSeipd2 } from './seipd2.ts';

export const NOW = Date.UTC(2026, 5, 1, 12);
export const DAY_MS = 24 * 60 * 60 * 1000;

export const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'utf8'));
export const textOf = (octets: Uint8Array): string => Buffer.from(octets).toString('utf8');

export const person = (name: string, version: 4 | 6 = 4, now = NOW - DAY_MS): Promise<OwnKey> =>
  generateOwnKey({ address: `${name}@example.org`, version, now });

export const parse = (certificate: Certificate): Promise<Key> =>
  readKey({ binaryKey: Uint8Array.from(certificate.bytes) });

/** An armored message around any content, sealed to certificates the way a stranger could: signed by nobody unless the content is. */
export async function wrap(
  content: Uint8Array,
  to: readonly Certificate[],
  options: { readonly seipd?: 1 | 2; readonly hidden?: boolean } = {},
): Promise<Uint8Array> {
  const data = Uint8Array.from(randomBytes(16));
  const keys = (await Promise.all(to.map((certificate) => parse(certificate)))) as PublicKey[];
  const two = options.seipd !== 1;
  const head = await encryptSessionKey({
    data,
    algorithm: 'aes128',
    ...(two ? { aeadAlgorithm: 'ocb' as const } : {}),
    encryptionKeys: keys,
    wildcard: options.hidden ?? false,
    date: new Date(NOW),
    format: 'binary',
  });
  const body = two ? sealSeipd2(data, AES_128, content) : sealSeipd1(data, content);
  return armor(Buffer.concat([head, packet(TAG.seipd, body)]));
}

/** RFC 9580 §5.13.1, apart from the library: CFB over a random prefix, the content and its SHA-1. */
function sealSeipd1(key: Uint8Array, content: Uint8Array): Uint8Array {
  const prefix = randomBytes(16);
  const plain = Buffer.concat([prefix, prefix.subarray(-2), content, Uint8Array.of(0xd3, 0x14)]);
  const cipher = createCipheriv('aes-128-cfb', key, new Uint8Array(16));
  return Buffer.concat([
    Uint8Array.of(1),
    cipher.update(plain),
    cipher.update(createHash('sha1').update(plain).digest()),
  ]);
}

/** Armored message of one person to another, as the product makes it. @throws Error when it refuses. */
export async function letter(
  text: string,
  from: OwnKey,
  to: readonly OwnKey[],
  options: { readonly hidden?: boolean; readonly compress?: boolean; readonly now?: number } = {},
): Promise<Uint8Array> {
  const sealed = await seal({
    plaintext: bytes(text),
    from,
    to: to.map((key) => key.certificate),
    hideRecipients: options.hidden ?? false,
    compress: options.compress ?? false,
    now: options.now ?? NOW,
  });
  if (sealed.kind !== 'sealed') throw new Error(sealed.why);
  return sealed.armored;
}

/** Changes the binary inside an armored message. */
export function rebuilt(armored: Uint8Array, change: (binary: Buffer) => Uint8Array): Uint8Array {
  const binary = dearmor(armored);
  if (binary === null) throw new Error('not armored');
  return armor(change(Buffer.from(binary)));
}

/** An in-memory account: a view that a unit of work can be committed to. */
export function memory(): { readonly view: StateView; commit(work: Work): void } {
  const cells = new Map<string, readonly [StateKey, StateCell]>();
  const name = (key: StateKey): string => `${key.space}\u0000${key.key}`;
  return {
    view: {
      get: (key) => Promise.resolve(cells.get(name(key))?.[1] ?? null),
      scan: (space, prefix) =>
        Promise.resolve(
          [...cells.values()]
            .filter(([key]) => key.space === space && key.key.startsWith(prefix))
            .toSorted(([a], [b]) => (a.key < b.key ? -1 : 1)),
        ),
    },
    commit(work) {
      for (const { key, value, expect } of work.writes()) {
        const version = cells.get(name(key))?.[1].version ?? 0;
        if (version !== expect) throw new Error(`conflict at ${key.space}/${key.key}`);
        if (value === null) cells.delete(name(key));
        else cells.set(name(key), [key, { value, version: version + 1 }]);
      }
    },
  };
}

/** One unit of work over an account, committed when `act` is done. */
export async function during<T>(
  account: ReturnType<typeof memory>,
  act: (work: Work) => Promise<T>,
): Promise<T> {
  const work = createWork(account.view);
  const result = await act(work);
  account.commit(work);
  return result;
}

/** Points of low order, as OpenPGP writes them. */
export const weakPoints: readonly Uint8Array[] = lowOrderPoints.map((hex) =>
  Uint8Array.from(Buffer.from(hex, 'hex')),
);

/** The certificate of somebody who has put another point in the place of their encryption key, and signs for it as it should be. */
export async function withEncryptionPoint(secret: Uint8Array, point: Uint8Array): Promise<Certificate> {
  const key = await readPrivateKey({ binaryKey: Uint8Array.from(secret) });
  const [subkey] = key.subkeys;
  if (subkey === undefined) throw new Error('no subkey');
  const part = subkey.keyPacket as unknown as {
    publicParams: { A?: Uint8Array; Q?: Uint8Array };
    computeFingerprintAndKeyID(): Promise<void>;
  };
  const { publicParams } = part;
  if (publicParams.Q === undefined) publicParams.A = point;
  // The older form has an octet before the point that says which form it is (RFC 9580 §11.2.1).
  else publicParams.Q = publicParams.Q[0] === 0x40 ? Uint8Array.of(0x40, ...point) : point;
  await part.computeFingerprintAndKeyID();
  const flags = enums.keyFlags.encryptCommunication | enums.keyFlags.encryptStorage;
  subkey.bindingSignatures = [await bindingOf(key, subkey, flags)];
  const read = await readCertificate(Uint8Array.from(key.toPublic().write()), Date.now());
  if (read.kind === 'refused') throw new Error(read.why);
  return read.certificate;
}

/** A primary key's word that a subkey belongs to it (RFC 9580 §5.2.1.8); `back`: what is to pass for the subkey's own word. */
async function bindingOf(
  key: PrivateKey,
  subkey: Subkey,
  flags: number,
  back: SignaturePacket | null = null,
): Promise<SignaturePacket> {
  const binding = new SignaturePacket();
  binding.signatureType = enums.signature.subkeyBinding;
  binding.publicKeyAlgorithm = key.keyPacket.algorithm;
  binding.hashAlgorithm = enums.hash.sha512;
  binding.keyFlags = Uint8Array.of(flags);
  binding.embeddedSignature = back;
  const signs = binding as unknown as {
    sign(by: object, data: object, date: Date, detached: boolean, config: object): Promise<void>;
  };
  const data = { key: key.keyPacket, bind: subkey.keyPacket };
  await signs.sign(key.keyPacket, data, subkey.getCreationTime(), false, strict);
  return binding;
}

/**
 * The certificate of somebody who has bound a public key of somebody else's as a signing subkey of theirs. Where that has signed back for its own
 * certificate they take that along, for what it is worth. @throws Error when there is no such part.
 */
export async function borrowing(thief: OwnKey, from: Certificate, part: string): Promise<Certificate> {
  const key = await readPrivateKey({ binaryKey: Uint8Array.from(thief.secret) });
  const theirs = (await parse(from)).getKeys().find((one) => one.getFingerprint().toUpperCase() === part);
  if (theirs === undefined) throw new Error('no such part');
  const borrowed = new PublicSubkeyPacket();
  const reads = borrowed as unknown as { read(octets: Uint8Array): Promise<void> };
  await reads.read(theirs.keyPacket.write());
  const subkey = new Subkey(borrowed, key);
  const back = theirs instanceof Subkey ? theirs.bindingSignatures[0]?.embeddedSignature : null;
  subkey.bindingSignatures = [await bindingOf(key, subkey, enums.keyFlags.signData, back)];
  key.subkeys.push(subkey);
  const read = await readCertificate(Uint8Array.from(key.toPublic().write()), NOW);
  if (read.kind === 'refused') throw new Error(read.why);
  return read.certificate;
}

/** Words with a signature, by the key that the library takes for signing: the subkey where there is one. */
export async function signedBy(secret: PrivateKey, text: string, now: number): Promise<Uint8Array> {
  const message = await createMessage({ binary: bytes(text) });
  return sign({ message, signingKeys: secret, date: new Date(now), format: 'binary' });
}
