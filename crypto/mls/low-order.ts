/**
 * The seven encodings of the points of Curve25519 and its twist whose product with any secret is zero (RFC 7748 §6.1), without the highest
 * bit, which X25519 passes over.
 */
const LOW_ORDER: ReadonlySet<string> = new Set([
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
]);

/**
 * Whether nothing can be sealed to an encryption key. HPKE refuses to (RFC 9180 §7.1.4), but only when it is used: a member with such a key in the
 * tree would keep all others from renewing theirs. So it is asked of every key before it comes into a tree. Bytes only: all members
 * must come to the same answer, whatever their library.
 */
export function isLowOrder(key: Uint8Array): boolean {
  const last = key.length - 1;
  return LOW_ORDER.has(Buffer.from(key.with(last, (key[last] ?? 0) & 0x7f)).toString('hex'));
}
