/** A fingerprint or other long key in groups of four, to be read to each other; digits in groups stay as they are, and what is no such key is left whole. */
export function grouped(identity: string): readonly string[] {
  if (/^\d{5}(?: \d{5})+$/u.test(identity)) return identity.split(' ');
  const hex = identity.replace(/[\s:]/gu, '');
  // Nostr's public keys, in their own letters: after the mark that says what they are.
  const key = /^(npub1)([02-9ac-hj-np-z]{58})$/u.exec(identity);
  if (key) return [key[1] ?? '', ...(key[2]?.match(/.{1,4}/gu) ?? [])];
  if (!/^[0-9a-f]{16,}$/iu.test(hex)) return [identity];
  return hex.toUpperCase().match(/.{1,4}/gu) ?? [identity];
}
