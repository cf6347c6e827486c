/**
 * Tells ciphertext from text for the guard: what is sealed looks like dice, and dice hardly ever write. Both bounds are chosen so
 * that real ciphertext is stopped less than once in 10^9 events.
 */

/** This many bytes in a row that read as UTF-8: for dice once in 10^16 places. */
const TEXT_RUN_BYTES = 64;

/** How many bytes the UTF-8 character at `at` has; 0 when there is none. */
function characterBytes(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0xff;
  if (first < 0x80) return 1;
  const size =
    first >= 0xc2 && first < 0xe0
      ? 2
      : first >= 0xe0 && first < 0xf0
        ? 3
        : first >= 0xf0 && first < 0xf5
          ? 4
          : 0;
  for (let next = 1; next < size; next += 1) if (((bytes[at + next] ?? 0) & 0xc0) !== 0x80) return 0;
  return size;
}

/** True when part of these bytes is text of any script. */
export function holdsText(bytes: Uint8Array): boolean {
  let run = 0;
  for (let at = 0; at < bytes.length;) {
    const size = characterBytes(bytes, at);
    run = size === 0 ? 0 : run + size;
    if (run >= TEXT_RUN_BYTES) return true;
    at += Math.max(size, 1);
  }
  return false;
}

/** True when an MLS message of version 1.0 stands here unsealed. */
export function holdsMls(bytes: Uint8Array, at: number): boolean {
  const [high, version, zero, format] = bytes.subarray(at, at + 4);
  return high === 0 && version === 1 && zero === 0 && format !== undefined && format >= 1 && format <= 5;
}
