import { createCipheriv, createDecipheriv, getCiphers, timingSafeEqual } from 'node:crypto';

/** Octets of an authentication tag; the only tag length OpenPGP uses (RFC 9580 §5.13.4). */
export const TAG_BYTES = 16;
const BLOCK_BYTES = 16;
const BLOCK_WORDS = 4;
const MAX_NONCE_BYTES = 15;
/** What D_i below would be before the first block. */
const D_0 = 0;

/** AES-OCB under one key (RFC 7253, 128-bit tag). Nonces of 1 to 15 octets; a nonce must never seal twice. */
export interface Ocb {
  /** Plaintext to ciphertext followed by the tag. */
  seal(nonce: Uint8Array, associated: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** Ciphertext followed by the tag to plaintext; null when the tag does not match, and then nothing of it is returned. */
  open(nonce: Uint8Array, associated: Uint8Array, sealed: Uint8Array): Uint8Array | null;
}

let nativeHidden = false;

/** For tests and for measuring: hides the runtime's own OCB, as under Electron, whose BoringSSL has none. */
export function hideNativeOcb(hidden: boolean): void {
  nativeHidden = hidden;
}

const nativeNames = new Set(getCiphers().filter((name) => name.endsWith('-ocb')));

/** True when seal and open use the runtime's own OCB for keys of this length. */
export function hasNativeOcb(keyBytes: number): boolean {
  return !nativeHidden && nativeNames.has(`aes-${keyBytes * 8}-ocb`);
}

/**
 * Prepares AES-OCB for a key of 16, 24 or 32 octets: the runtime's own where it has one, else RFC 7253 over the runtime's AES-ECB.
 * @throws RangeError for another key length.
 */
export function createOcb(key: Uint8Array): Ocb {
  if (![16, 24, 32].includes(key.length)) throw new RangeError('AES keys have 16, 24 or 32 octets');
  return hasNativeOcb(key.length) ? nativeOcb(key) : ecbOcb(key);
}

function checkNonce(nonce: Uint8Array): void {
  if (nonce.length < 1 || nonce.length > MAX_NONCE_BYTES)
    throw new RangeError('OCB nonces have 1 to 15 octets');
}

function nativeOcb(given: Uint8Array): Ocb {
  // Every call makes a new cipher from it: a caller that wipes its copy must not turn the key into zeros.
  const key = Uint8Array.from(given);
  const name = `aes-${key.length * 8}-ocb` as 'aes-128-ocb';
  const options = { authTagLength: TAG_BYTES };
  return {
    seal(nonce, associated, plaintext) {
      checkNonce(nonce);
      const cipher = createCipheriv(name, key, nonce, options);
      cipher.setAAD(associated, { plaintextLength: plaintext.length });
      const head = cipher.update(plaintext);
      const tail = cipher.final();
      return Buffer.concat([head, tail, cipher.getAuthTag()]);
    },
    open(nonce, associated, sealed) {
      checkNonce(nonce);
      if (sealed.length < TAG_BYTES) return null;
      const end = sealed.length - TAG_BYTES;
      const decipher = createDecipheriv(name, key, nonce, options);
      decipher.setAAD(associated, { plaintextLength: end });
      decipher.setAuthTag(sealed.subarray(end));
      const head = decipher.update(sealed.subarray(0, end));
      try {
        const tail = decipher.final();
        return tail.length === 0 ? head : Buffer.concat([head, tail]);
      } catch {
        head.fill(0);
        return null;
      }
    },
  };
}

/** A copy whose memory is aligned for 32-bit access. */
function aligned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(bytes);
}

/** RFC 7253 §2: double(S), multiplication by x in GF(2^128). */
function double(block: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(BLOCK_BYTES);
  let carry = 0;
  for (let i = BLOCK_BYTES - 1; i >= 0; i--) {
    const octet = block[i] as number;
    out[i] = (octet << 1) | carry;
    carry = octet >> 7;
  }
  // Without a branch on a bit of the key schedule.
  out[BLOCK_BYTES - 1] = (out[BLOCK_BYTES - 1] as number) ^ (0x87 & -carry);
  return out;
}

function xorInto(target: Uint8Array, other: Uint8Array): void {
  for (let i = 0; i < other.length; i++) target[i] = (target[i] as number) ^ (other[i] as number);
}

const wordsOf = (bytes: Uint8Array<ArrayBuffer>): Int32Array =>
  new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);

/**
 * RFC 7253 over bulk AES-ECB. Every block of OCB is XOR, AES, XOR, and no block waits for another, so a whole chunk goes through
 * one native ECB call. Offset_i is Offset_0 XOR D_i where D_i depends on the key alone; the D table grows as chunks need it.
 */
function ecbOcb(key: Uint8Array): Ocb {
  const name = `aes-${key.length * 8}-ecb`;
  const encipher = createCipheriv(name, key, null).setAutoPadding(false);
  const decipher = createDecipheriv(name, key, null).setAutoPadding(false);
  // Without padding and on whole blocks ECB keeps no state, so one object serves every call.
  const encrypt = (blocks: Uint8Array): Uint8Array<ArrayBuffer> => aligned(encipher.update(blocks));
  const lStar = encrypt(new Uint8Array(BLOCK_BYTES));
  const lDollar = double(lStar);
  const l: Int32Array[] = [wordsOf(double(lDollar))];
  let table = new Int32Array(0);
  let scratch = new Uint8Array(0);

  function lAt(index: number): Int32Array {
    for (let i = l.length; i <= index; i++) {
      const previous = l[i - 1] as Int32Array;
      l.push(wordsOf(double(new Uint8Array(previous.buffer, previous.byteOffset, BLOCK_BYTES))));
    }
    return l[index] as Int32Array;
  }

  /** Room for the input of one call: the chunks of a message are all of one size, and 8 KiB of new memory for each costs more than the AES. */
  function room(blocks: number): Uint8Array<ArrayBuffer> {
    if (scratch.length < blocks * BLOCK_BYTES) scratch = new Uint8Array(blocks * BLOCK_BYTES);
    return scratch.subarray(0, blocks * BLOCK_BYTES);
  }

  /** Words of D_1 … D_n for at least `blocks` blocks. */
  function deltas(blocks: number): Int32Array {
    if (table.length >= blocks * BLOCK_WORDS) return table;
    const grown = new Int32Array(blocks * BLOCK_WORDS);
    grown.set(table);
    for (let i = table.length / BLOCK_WORDS; i < blocks; i++) {
      const step = lAt(31 - Math.clz32((i + 1) & -(i + 1)));
      for (let w = 0; w < BLOCK_WORDS; w++) {
        const before = i === 0 ? 0 : (grown[(i - 1) * BLOCK_WORDS + w] as number);
        grown[i * BLOCK_WORDS + w] = before ^ (step[w] as number);
      }
    }
    table = grown;
    return table;
  }

  /** RFC 7253 §4.2, nonce-dependent and per-encryption variables: Offset_0. */
  function firstOffset(nonce: Uint8Array): Uint8Array<ArrayBuffer> {
    const block = new Uint8Array(BLOCK_BYTES);
    // TAGLEN mod 128 is 0 in the top seven bits.
    block[BLOCK_BYTES - 1 - nonce.length] = 1;
    block.set(nonce, BLOCK_BYTES - nonce.length);
    const bottom = (block[15] as number) & 0x3f;
    block[15] = (block[15] as number) & 0xc0;
    const top = encrypt(block);
    const stretch = new Uint8Array(BLOCK_BYTES + 8);
    stretch.set(top);
    for (let i = 0; i < 8; i++) stretch[BLOCK_BYTES + i] = (top[i] as number) ^ (top[i + 1] as number);
    const [whole, bits] = [bottom >> 3, bottom & 7];
    const offset = new Uint8Array(BLOCK_BYTES);
    for (let i = 0; i < BLOCK_BYTES; i++) {
      offset[i] =
        ((stretch[whole + i] as number) << bits) | ((stretch[whole + i + 1] as number) >> (8 - bits));
    }
    return offset;
  }

  /** RFC 7253 §4.1: HASH(K, A). */
  function hash(data: Uint8Array): Uint8Array {
    const sum = new Uint8Array(BLOCK_BYTES);
    if (data.length === 0) return sum;
    const full = data.length >> 4;
    const rest = data.length & 15;
    const blocks = new Uint8Array((full + (rest ? 1 : 0)) * BLOCK_BYTES);
    blocks.set(data);
    const words = wordsOf(blocks);
    const d = deltas(full);
    for (let w = 0; w < full * BLOCK_WORDS; w++) words[w] = (words[w] as number) ^ (d[w] as number);
    if (rest) {
      const last = blocks.subarray(full * BLOCK_BYTES);
      last[rest] = 0x80;
      for (let w = 0; w < BLOCK_WORDS; w++) {
        words[full * BLOCK_WORDS + w] =
          (words[full * BLOCK_WORDS + w] as number) ^ (d[(full - 1) * BLOCK_WORDS + w] ?? D_0);
      }
      xorInto(last, lStar);
    }
    const out = encrypt(blocks);
    for (let i = 0; i < out.length; i += BLOCK_BYTES) xorInto(sum, out.subarray(i, i + BLOCK_BYTES));
    return sum;
  }

  /** RFC 7253 §4.2 and §4.3 in one: the two directions differ only in the ECB call and in which side the checksum is taken of. */
  function run(nonce: Uint8Array, associated: Uint8Array, input: Uint8Array, sealing: boolean) {
    const full = input.length >> 4;
    const rest = input.length & 15;
    const start = firstOffset(nonce);
    const [o0 = 0, o1 = 0, o2 = 0, o3 = 0] = wordsOf(start);
    const d = deltas(full);
    const blocks = room(full);
    blocks.set(input.subarray(0, blocks.length));
    const words = wordsOf(blocks);
    let [s0, s1, s2, s3] = [0, 0, 0, 0];
    for (let w = 0; w < words.length; w += BLOCK_WORDS) {
      const [a, b, c, e] = [
        words[w] as number,
        words[w + 1] as number,
        words[w + 2] as number,
        words[w + 3] as number,
      ];
      if (sealing) {
        s0 ^= a;
        s1 ^= b;
        s2 ^= c;
        s3 ^= e;
      }
      words[w] = a ^ o0 ^ (d[w] as number);
      words[w + 1] = b ^ o1 ^ (d[w + 1] as number);
      words[w + 2] = c ^ o2 ^ (d[w + 2] as number);
      words[w + 3] = e ^ o3 ^ (d[w + 3] as number);
    }
    const output = new Uint8Array(input.length + (sealing ? TAG_BYTES : 0));
    output.set((sealing ? encipher : decipher).update(blocks));
    const out = new Int32Array(output.buffer, 0, full * BLOCK_WORDS);
    for (let w = 0; w < out.length; w += BLOCK_WORDS) {
      const a = (out[w] as number) ^ o0 ^ (d[w] as number);
      const b = (out[w + 1] as number) ^ o1 ^ (d[w + 1] as number);
      const c = (out[w + 2] as number) ^ o2 ^ (d[w + 2] as number);
      const e = (out[w + 3] as number) ^ o3 ^ (d[w + 3] as number);
      out[w] = a;
      out[w + 1] = b;
      out[w + 2] = c;
      out[w + 3] = e;
      if (!sealing) {
        s0 ^= a;
        s1 ^= b;
        s2 ^= c;
        s3 ^= e;
      }
    }
    const offset = start;
    if (full > 0) xorInto(offset, new Uint8Array(d.buffer, (full - 1) * BLOCK_BYTES, BLOCK_BYTES));
    const checksum = new Uint8Array(Int32Array.of(s0, s1, s2, s3).buffer);
    if (rest) {
      xorInto(offset, lStar);
      const pad = encrypt(offset);
      const from = full * BLOCK_BYTES;
      for (let i = 0; i < rest; i++) {
        const octet = input[from + i] as number;
        output[from + i] = octet ^ (pad[i] as number);
        checksum[i] = (checksum[i] as number) ^ (sealing ? octet : (output[from + i] as number));
      }
      checksum[rest] = (checksum[rest] as number) ^ 0x80;
    }
    xorInto(checksum, offset);
    xorInto(checksum, lDollar);
    const tag = encrypt(checksum);
    xorInto(tag, hash(associated));
    return { output, tag };
  }

  return {
    seal(nonce, associated, plaintext) {
      checkNonce(nonce);
      const { output, tag } = run(nonce, associated, plaintext, true);
      output.set(tag, plaintext.length);
      return output;
    },
    open(nonce, associated, sealed) {
      checkNonce(nonce);
      if (sealed.length < TAG_BYTES) return null;
      const end = sealed.length - TAG_BYTES;
      const { output, tag } = run(nonce, associated, sealed.subarray(0, end), false);
      if (timingSafeEqual(tag, sealed.subarray(end))) return output;
      output.fill(0);
      return null;
    },
  };
}
