/**
 * For tests: the encodings of the points of Curve25519 and its twist whose product with any secret is zero (RFC 7748 §6.1), in hex. Not the
 * list that crypto/mls refuses by, so that one is held against the other.
 */
export const lowOrderPoints: readonly string[] = [
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
];
