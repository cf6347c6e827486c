import { hash } from 'node:crypto';

const BLOCK_BYTES = 64;
const HASH_BYTES = 32;
const INNER = 0x36;
const OUTER = 0x5c;

const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer');

/** A block of the key with a pad over it, and room behind for what is hashed. */
function padded(key: Uint8Array, pad: number, room: number): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES + room).fill(pad, 0, BLOCK_BYTES);
  for (const [at, byte] of key.entries()) block[at] = byte ^ pad;
  return block;
}

/**
 * HMAC-SHA-256 (RFC 2104) over the parts, one after the other. From two hashes: `createHmac` makes a key object each time, which takes four times
 * as long as all the rest, and every message of MLS takes a dozen of these. suite.test.ts holds it against two other implementations.
 */
export function hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const short = key.length > BLOCK_BYTES ? sha256(key) : key;
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const inner = padded(short, INNER, length);
  let at = BLOCK_BYTES;
  for (const part of parts) {
    inner.set(part, at);
    at += part.length;
  }
  const outer = padded(short, OUTER, HASH_BYTES);
  outer.set(sha256(inner), BLOCK_BYTES);
  const mac = sha256(outer);
  // Both hold the key, if under a pad.
  inner.fill(0);
  outer.fill(0);
  return mac;
}
