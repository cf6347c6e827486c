/** Octets before the key that say which Kyber it is. */
const TYPE_BYTES = 1;
/** Four polynomials of 256 coefficients, 12 bits each, before the 32 bytes that the matrix grows from (Kyber-1024). */
const COEFFICIENT_BYTES = 1_536;
const MODULUS = 3_329;

/**
 * Whether the coefficients of a public key are numbers below the modulus (FIPS 203 §7.2, "modulus check"). libsignal 0.103 reduces them
 * instead, so that many strings of bytes are one key; what is made by its rules never has any above. `key`: as Signal writes it.
 */
export function isReduced(key: Uint8Array): boolean {
  for (let at = TYPE_BYTES; at + 2 < TYPE_BYTES + COEFFICIENT_BYTES; at += 3) {
    const [low = 0, middle = 0, high = 0] = key.subarray(at, at + 3);
    if ((low | ((middle & 15) << 8)) >= MODULUS || ((middle >> 4) | (high << 4)) >= MODULUS) return false;
  }
  return true;
}
