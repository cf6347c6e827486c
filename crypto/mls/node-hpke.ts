import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto';
import type { Hpke, PrivateKey, PublicKey } from 'ts-mls';
import { joined, u16, utf8 } from './bytes.ts';
import { hmacSha256 } from './hmac.ts';

const HASH_BYTES = 32;
const KEY_BYTES = 32;
const AEAD_KEY_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What stands before the 32 bytes of an X25519 key in DER (RFC 8410). */
const PRIVATE_DER = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC_DER = Buffer.from('302a300506032b656e032100', 'hex');

/** HKDF-Extract with SHA-256 (RFC 5869). */
export function extract(salt: Uint8Array, ikm: Uint8Array): Uint8Array {
  return hmacSha256(salt, ikm);
}

/** HKDF-Expand with SHA-256. @throws RangeError above 255 blocks. */
export function expand(prk: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  if (length > 255 * HASH_BYTES) throw new RangeError('too long for HKDF');
  const out = new Uint8Array(length);
  let block: Uint8Array = new Uint8Array();
  for (let at = 0, n = 1; at < length; at += HASH_BYTES, n++) {
    block = hmacSha256(prk, block, info, Uint8Array.of(n));
    out.set(block.subarray(0, Math.min(HASH_BYTES, length - at)), at);
  }
  return out;
}

// RFC 9180: DHKEM(X25519, HKDF-SHA256) is 0x0020, HKDF-SHA256 is 0x0001, AES-128-GCM is 0x0001.
const KEM_ID = joined(utf8('KEM'), u16(0x0020));
const SUITE_ID = joined(utf8('HPKE'), u16(0x0020), u16(0x0001), u16(0x0001));
const VERSION = utf8('HPKE-v1');
const NOTHING = new Uint8Array();
const MODE_BASE = Uint8Array.of(0);

const labeledExtract = (id: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array =>
  extract(salt, joined(VERSION, id, utf8(label), ikm));

const labeledExpand = (
  id: Uint8Array,
  prk: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Uint8Array => expand(prk, joined(u16(length), VERSION, id, utf8(label), info), length);

/** Keys in the type that ts-mls wants; nothing but this file looks inside. */
interface Key {
  readonly raw: Uint8Array;
  readonly key: KeyObject;
}
const secretKey = (key: Key): PrivateKey => key;
const publicKey = (key: Key): PublicKey => key;
const opened = (key: PrivateKey): Key => key;

function privateFrom(raw: Uint8Array): Key {
  if (raw.length !== KEY_BYTES) throw new RangeError('no X25519 key');
  const key = createPrivateKey({ key: Buffer.concat([PRIVATE_DER, raw]), format: 'der', type: 'pkcs8' });
  return { raw: Uint8Array.from(raw), key };
}

function publicFrom(raw: Uint8Array): Key {
  if (raw.length !== KEY_BYTES) throw new RangeError('no X25519 key');
  const key = createPublicKey({ key: Buffer.concat([PUBLIC_DER, raw]), format: 'der', type: 'spki' });
  return { raw: Uint8Array.from(raw), key };
}

const rawPublic = (key: KeyObject): Uint8Array =>
  Uint8Array.from(key.export({ format: 'der', type: 'spki' }).subarray(PUBLIC_DER.length));

function pairOf(secret: Key): { readonly privateKey: PrivateKey; readonly publicKey: PublicKey } {
  const key = createPublicKey(secret.key);
  return { privateKey: secretKey(secret), publicKey: publicKey({ raw: rawPublic(key), key }) };
}

/** Key, nonce and exporter secret that both ends come to (RFC 9180 §5.1, base mode). */
function contextOf(dh: Uint8Array, enc: Uint8Array, receiver: Uint8Array, info: Uint8Array) {
  const eae = labeledExtract(KEM_ID, NOTHING, 'eae_prk', dh);
  const shared = labeledExpand(KEM_ID, eae, 'shared_secret', joined(enc, receiver), HASH_BYTES);
  const pskIdHash = labeledExtract(SUITE_ID, NOTHING, 'psk_id_hash', NOTHING);
  const infoHash = labeledExtract(SUITE_ID, NOTHING, 'info_hash', info);
  const context = joined(MODE_BASE, pskIdHash, infoHash);
  const secret = labeledExtract(SUITE_ID, shared, 'secret', NOTHING);
  return {
    key: labeledExpand(SUITE_ID, secret, 'key', context, AEAD_KEY_BYTES),
    nonce: labeledExpand(SUITE_ID, secret, 'base_nonce', context, NONCE_BYTES),
    exported: (what: Uint8Array, length: number) =>
      labeledExpand(
        SUITE_ID,
        labeledExpand(SUITE_ID, secret, 'exp', context, HASH_BYTES),
        'sec',
        what,
        length,
      ),
  };
}

function sending(to: PublicKey, info: Uint8Array) {
  const { publicKey: enc, privateKey } = generateKeyPairSync('x25519');
  const receiver = opened(to);
  const dh = diffieHellman({ privateKey, publicKey: receiver.key });
  const raw = rawPublic(enc);
  return { enc: raw, ...contextOf(dh, raw, receiver.raw, info) };
}

function receiving(own: PrivateKey, enc: Uint8Array, info: Uint8Array) {
  const { key } = opened(own);
  const dh = diffieHellman({ privateKey: key, publicKey: publicFrom(enc).key });
  return contextOf(dh, enc, rawPublic(createPublicKey(key)), info);
}

function encrypt(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-128-gcm', key, nonce);
  cipher.setAAD(aad);
  return joined(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
}

/** @throws Error when the tag does not fit. */
function decrypt(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  if (ciphertext.length < TAG_BYTES) throw new RangeError('too short for a tag');
  const end = ciphertext.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-128-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(ciphertext.subarray(end));
  return joined(decipher.update(ciphertext.subarray(0, end)), decipher.final());
}

/** HPKE (RFC 9180) of MLS suite 1 on `node:crypto`: X25519, HKDF-SHA256, AES-128-GCM. All calls throw on bytes that are no keys. */
export const nodeHpke: Hpke = {
  keyLength: AEAD_KEY_BYTES,
  nonceLength: NONCE_BYTES,
  async seal(to, plaintext, info, aad = NOTHING) {
    const { enc, key, nonce } = sending(to, info);
    return { enc, ct: encrypt(key, nonce, aad, plaintext) };
  },
  async open(own, enc, ciphertext, info, aad = NOTHING) {
    const { key, nonce } = receiving(own, enc, info);
    return decrypt(key, nonce, aad, ciphertext);
  },
  async exportSecret(to, context, length, info) {
    const { enc, exported } = sending(to, info);
    return { enc, secret: exported(context, length) };
  },
  async importSecret(own, context, enc, length, info) {
    return receiving(own, enc, info).exported(context, length);
  },
  importPrivateKey: async (raw) => secretKey(privateFrom(raw)),
  importPublicKey: async (raw) => publicKey(publicFrom(raw)),
  exportPublicKey: async (key) => Uint8Array.from(opened(key).raw),
  exportPrivateKey: async (key) => Uint8Array.from(opened(key).raw),
  encryptAead: async (key, nonce, aad, plaintext) => encrypt(key, nonce, aad ?? NOTHING, plaintext),
  decryptAead: async (key, nonce, aad, ciphertext) => decrypt(key, nonce, aad ?? NOTHING, ciphertext),
  async deriveKeyPair(ikm) {
    const prk = labeledExtract(KEM_ID, NOTHING, 'dkp_prk', ikm);
    return pairOf(privateFrom(labeledExpand(KEM_ID, prk, 'sk', NOTHING, KEY_BYTES)));
  },
  async generateKeyPair() {
    const { privateKey } = generateKeyPairSync('x25519');
    const der = privateKey.export({ format: 'der', type: 'pkcs8' });
    return pairOf(privateFrom(der.subarray(PRIVATE_DER.length)));
  },
};
