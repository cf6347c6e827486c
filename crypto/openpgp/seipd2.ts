import { hkdfSync, randomBytes } from 'node:crypto';
import { CHUNK_SIZE_OCTET } from './config.ts';
import { createOcb, TAG_BYTES, type Ocb } from './ocb.ts';

/** RFC 9580 §9.3 and §9.6: the identifiers this file knows. */
export const AES_128 = 7;
export const AES_192 = 8;
export const AES_256 = 9;
export const AEAD_OCB = 2;

export const SALT_BYTES = 32;
/** Version, cipher, AEAD, chunk size octet, salt (RFC 9580 §5.13.2). */
export const HEADER_BYTES = 4 + SALT_BYTES;
/** RFC 9580 §5.13.2: "MUST NOT use larger than 16": chunks of 4 MiB. */
const MAX_CHUNK_SIZE_OCTET = 16;
const OCB_NONCE_BYTES = 15;
const INDEX_BYTES = 8;

const keyBytes: Readonly<Record<number, number>> = { [AES_128]: 16, [AES_192]: 24, [AES_256]: 32 };

/** Octets of a session key of this cipher, or null for a cipher other than AES. */
export function sessionKeyBytes(cipher: number): number | null {
  return keyBytes[cipher] ?? null;
}

interface Keys {
  readonly ocb: Ocb;
  readonly prefix: Uint8Array;
  readonly info: Uint8Array;
}

/** RFC 9580 §5.13.2: message key and nonce prefix from the session key, by HKDF-SHA256 with the packet's own header as info. */
function derive(sessionKey: Uint8Array, cipher: number, chunkOctet: number, salt: Uint8Array): Keys {
  const bytes = keyBytes[cipher] as number;
  const info = Uint8Array.of(0xd2, 2, cipher, AEAD_OCB, chunkOctet);
  const derived = new Uint8Array(
    hkdfSync('sha256', sessionKey, salt, info, bytes + OCB_NONCE_BYTES - INDEX_BYTES),
  );
  return { ocb: createOcb(derived.subarray(0, bytes)), prefix: derived.subarray(bytes), info };
}

function nonceWriter(prefix: Uint8Array): (index: number) => Uint8Array {
  const nonce = Buffer.alloc(OCB_NONCE_BYTES);
  nonce.set(prefix);
  return (index) => {
    nonce.writeBigUInt64BE(BigInt(index), prefix.length);
    return nonce;
  };
}

/** Associated data of the final tag: the header and how many octets of plaintext there were in all. */
function finalData(info: Uint8Array, total: number): Uint8Array {
  const data = Buffer.alloc(info.length + INDEX_BYTES);
  data.set(info);
  data.writeBigUInt64BE(BigInt(total), info.length);
  return data;
}

/**
 * Opens the body of a version 2 SEIPD packet that uses AES-OCB (RFC 9580 §5.13.2).
 * @param body the packet's body from its version octet on.
 * @returns the plaintext, once every chunk's tag and the final tag match; null for a wrong key, a changed, cut or extended body.
 */
export function openSeipd2(sessionKey: Uint8Array, body: Uint8Array): Uint8Array | null {
  const [version, cipher = 0, aead, chunkOctet = 0] = body;
  if (version !== 2 || aead !== AEAD_OCB || sessionKey.length !== keyBytes[cipher]) return null;
  if (chunkOctet > MAX_CHUNK_SIZE_OCTET || body.length < HEADER_BYTES + TAG_BYTES) return null;
  const { ocb, prefix, info } = derive(sessionKey, cipher, chunkOctet, body.subarray(4, HEADER_BYTES));
  const nonce = nonceWriter(prefix);
  const step = 2 ** (chunkOctet + 6) + TAG_BYTES;
  const sealed = body.subarray(HEADER_BYTES, body.length - TAG_BYTES);
  const chunks = Math.ceil(sealed.length / step);
  const total = sealed.length - chunks * TAG_BYTES;
  if (total < 0) return null;
  const plaintext = new Uint8Array(total);
  let at = 0;
  for (let index = 0; index < chunks; index++) {
    const chunk = ocb.open(nonce(index), info, sealed.subarray(index * step, (index + 1) * step));
    if (chunk === null) {
      plaintext.fill(0);
      return null;
    }
    plaintext.set(chunk, at);
    at += chunk.length;
  }
  const end = ocb.open(nonce(chunks), finalData(info, total), body.subarray(body.length - TAG_BYTES));
  if (end === null) {
    plaintext.fill(0);
    return null;
  }
  return plaintext;
}

/**
 * Seals a packet sequence as the body of a version 2 SEIPD packet: AES-OCB in 8 KiB chunks under a fresh salt (RFC 9580 §5.13.2).
 * @param sessionKey 16, 24 or 32 octets matching `cipher`.
 * @throws RangeError when it does not match.
 */
export function sealSeipd2(sessionKey: Uint8Array, cipher: number, plaintext: Uint8Array): Uint8Array {
  if (sessionKey.length !== keyBytes[cipher]) throw new RangeError('session key and cipher do not match');
  const salt = randomBytes(SALT_BYTES);
  const { ocb, prefix, info } = derive(sessionKey, cipher, CHUNK_SIZE_OCTET, salt);
  const nonce = nonceWriter(prefix);
  const size = 2 ** (CHUNK_SIZE_OCTET + 6);
  const chunks = Math.ceil(plaintext.length / size);
  const body = new Uint8Array(HEADER_BYTES + plaintext.length + (chunks + 1) * TAG_BYTES);
  body.set(info.subarray(1));
  body.set(salt, 4);
  let at = HEADER_BYTES;
  for (let index = 0; index < chunks; index++) {
    const sealed = ocb.seal(nonce(index), info, plaintext.subarray(index * size, (index + 1) * size));
    body.set(sealed, at);
    at += sealed.length;
  }
  body.set(ocb.seal(nonce(chunks), finalData(info, plaintext.length), new Uint8Array(0)), at);
  return body;
}
