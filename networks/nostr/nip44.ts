import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { chacha20 } from '@noble/ciphers/chacha.js';
import { PlainsealError } from '../../shared/errors.ts';
import { fromBase64, toBase64 } from './base64.ts';
import { sharedX } from './ecdh.ts';
import type { PublicKey, SecretKey } from './keys.ts';

/**
 * NIP-44, version 2: secp256k1 ECDH, HKDF-SHA256, padding, ChaCha20, HMAC-SHA256, base64. No forward secrecy: who has the
 * account key later opens everything. Used for invitations only; messages are in MLS.
 */
const VERSION = 2;
const SALT = 'nip44-v2';
const NONCE_BYTES = 32;
const MAC_BYTES = 32;
const LENGTH_BYTES = 2;
const MIN_PADDED_BYTES = 32;
/** What the 16-bit length of version 2 can say. The later extension beyond it is not read by all. */
export const MAX_PLAINTEXT_BYTES = 65_535;
const MIN_PAYLOAD_BYTES = 1 + NONCE_BYTES + LENGTH_BYTES + MIN_PADDED_BYTES + MAC_BYTES;
const MAX_PAYLOAD_BYTES = 1 + NONCE_BYTES + LENGTH_BYTES + 65_536 + MAC_BYTES;
const MAX_PAYLOAD_CHARACTERS = 4 * Math.ceil(MAX_PAYLOAD_BYTES / 3);

/** The key two accounts share, the same from both sides; 32 bytes. @throws PlainsealError `corrupt` when the other key is no point. */
export function conversationKey(own: SecretKey, other: PublicKey): Uint8Array {
  // HKDF-Extract alone: HMAC under the salt.
  return createHmac('sha256', SALT).update(sharedX(own, other)).digest();
}

interface MessageKeys {
  readonly cipher: Uint8Array;
  readonly cipherNonce: Uint8Array;
  readonly mac: Uint8Array;
}

/** The keys of one message: HKDF-Expand of the conversation key with the nonce, 76 bytes. */
export function messageKeys(conversation: Uint8Array, nonce: Uint8Array): MessageKeys {
  const first = createHmac('sha256', conversation).update(nonce).update(Uint8Array.of(1)).digest();
  const second = createHmac('sha256', conversation)
    .update(first)
    .update(nonce)
    .update(Uint8Array.of(2))
    .digest();
  const third = createHmac('sha256', conversation)
    .update(second)
    .update(nonce)
    .update(Uint8Array.of(3))
    .digest();
  const keys = Buffer.concat([first, second, third]);
  return { cipher: keys.subarray(0, 32), cipherNonce: keys.subarray(32, 44), mac: keys.subarray(44, 76) };
}

/** How many bytes a plain text of this many is padded to. */
export function paddedLength(length: number): number {
  if (length <= MIN_PADDED_BYTES) return MIN_PADDED_BYTES;
  const nextPower = 2 ** (Math.floor(Math.log2(length - 1)) + 1);
  const chunk = nextPower <= 256 ? MIN_PADDED_BYTES : nextPower / 8;
  return chunk * Math.ceil(length / chunk);
}

function pad(plain: Uint8Array): Uint8Array {
  const padded = new Uint8Array(LENGTH_BYTES + paddedLength(plain.length));
  new DataView(padded.buffer).setUint16(0, plain.length);
  padded.set(plain, LENGTH_BYTES);
  return padded;
}

function unpad(padded: Uint8Array): Uint8Array | null {
  const length = new DataView(padded.buffer, padded.byteOffset).getUint16(0);
  if (length === 0 || padded.length !== LENGTH_BYTES + paddedLength(length)) return null;
  return padded.subarray(LENGTH_BYTES, LENGTH_BYTES + length);
}

function macOf(keys: MessageKeys, nonce: Uint8Array, sealed: Uint8Array): Uint8Array {
  return createHmac('sha256', keys.mac).update(nonce).update(sealed).digest();
}

/**
 * Seals a text under a conversation key. `nonce` is for test vectors only; the default is fresh randomness.
 * @throws PlainsealError `too-large` beyond {@link MAX_PLAINTEXT_BYTES}, `bad-request` for an empty text.
 */
export function sealText(
  conversation: Uint8Array,
  text: string,
  nonce: Uint8Array = randomBytes(NONCE_BYTES),
): string {
  const plain = Buffer.from(text, 'utf8');
  if (plain.length === 0) throw new PlainsealError('bad-request', 'nothing to seal');
  if (plain.length > MAX_PLAINTEXT_BYTES) throw new PlainsealError('too-large', 'text too long for NIP-44');
  const keys = messageKeys(conversation, nonce);
  const sealed = chacha20(keys.cipher, keys.cipherNonce, pad(plain));
  return toBase64(Buffer.concat([Uint8Array.of(VERSION), nonce, sealed, macOf(keys, nonce, sealed)]));
}

/** Opens a payload. Null for another version, a wrong MAC, wrong padding or text that is not UTF-8; nothing tells them apart. */
export function openText(conversation: Uint8Array, payload: string): string | null {
  if (payload.length > MAX_PAYLOAD_CHARACTERS) return null;
  const bytes = fromBase64(payload);
  if (bytes === null || bytes.length < MIN_PAYLOAD_BYTES || bytes[0] !== VERSION) return null;
  const nonce = bytes.subarray(1, 1 + NONCE_BYTES);
  const sealed = bytes.subarray(1 + NONCE_BYTES, bytes.length - MAC_BYTES);
  const keys = messageKeys(conversation, nonce);
  if (!timingSafeEqual(macOf(keys, nonce, sealed), bytes.subarray(bytes.length - MAC_BYTES))) return null;
  const plain = unpad(chacha20(keys.cipher, keys.cipherNonce, sealed));
  if (plain === null) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plain);
  } catch {
    return null;
  }
}
