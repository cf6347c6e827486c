import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';

/*
 * A file on the server: initialization vector, AES-256-CBC over the file and zeroes, HMAC-SHA256 over both. Whoever sends it tells the
 * key (cipher's, then MAC's), the SHA-256 of all of it, and the file's own size.
 */
const IV_BYTES = 16;
const BLOCK_BYTES = 16;
const MAC_BYTES = 32;
const CIPHER_KEY_BYTES = 32;
const KEY_BYTES = 64;
/** Sizes are told to the server in steps of 5 %, and not below this. */
const STEP = 1.05;
const LEAST_BYTES = 541;

/** The size a file is brought to, so that the sealed one tells little of it. */
export function paddedSize(bytes: number): number {
  const step = Math.ceil(Math.log(Math.max(bytes, 1)) / Math.log(STEP));
  // The logarithm of a step itself may come out a hair short of it.
  return Math.max(LEAST_BYTES, bytes, Math.floor(STEP ** step));
}

export type SealedAttachment = {
  readonly sealed: Uint8Array;
  readonly key: Uint8Array;
  readonly digest: Uint8Array;
};

/** Seals the bytes of a file under a fresh key. */
export function sealAttachment(plain: Uint8Array): SealedAttachment {
  const key = randomBytes(KEY_BYTES);
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-cbc', key.subarray(0, CIPHER_KEY_BYTES), iv);
  const zeroes = new Uint8Array(paddedSize(plain.length) - plain.length);
  const body = Buffer.concat([iv, cipher.update(plain), cipher.update(zeroes), cipher.final()]);
  const mac = createHmac('sha256', key.subarray(CIPHER_KEY_BYTES)).update(body).digest();
  const sealed = Buffer.concat([body, mac]);
  return {
    sealed: Uint8Array.from(sealed),
    key: Uint8Array.from(key),
    digest: Uint8Array.from(createHash('sha256').update(sealed).digest()),
  };
}

/**
 * Opens a file from the server. Null for anything but the very bytes that were sent: another digest or MAC, a key of another length, a
 * size that does not fit. Allocates no more than the sealed bytes, whatever size is claimed.
 */
export function openAttachment(
  sealed: Uint8Array,
  told: { readonly key: Uint8Array; readonly digest: Uint8Array; readonly size: number },
): Uint8Array | null {
  const { key, digest, size } = told;
  const macAt = sealed.length - MAC_BYTES;
  const blocks = macAt - IV_BYTES;
  if (key.length !== KEY_BYTES || blocks <= 0 || blocks % BLOCK_BYTES !== 0) return null;
  if (!Number.isSafeInteger(size) || size < 0 || size >= blocks) return null;
  if (!isSame(createHash('sha256').update(sealed).digest(), digest)) return null;
  const mac = createHmac('sha256', key.subarray(CIPHER_KEY_BYTES)).update(sealed.subarray(0, macAt)).digest();
  if (!isSame(mac, sealed.subarray(macAt))) return null;
  const iv = sealed.subarray(0, IV_BYTES);
  const cipher = createDecipheriv('aes-256-cbc', key.subarray(0, CIPHER_KEY_BYTES), iv);
  try {
    const padded = Buffer.concat([cipher.update(sealed.subarray(IV_BYTES, macAt)), cipher.final()]);
    return size <= padded.length ? Uint8Array.from(padded.subarray(0, size)) : null;
  } catch {
    return null;
  }
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b);
