const GROUP_BYTES = 3;

/**
 * For tests: the base64 of some bytes at each of the three places they can begin in something longer, without the characters their
 * neighbours have a part in.
 */
export function base64Inside(bytes: Uint8Array): readonly string[] {
  return Array.from({ length: GROUP_BYTES }, (_, before) => {
    const from = (GROUP_BYTES - before) % GROUP_BYTES;
    const whole = bytes.subarray(from, bytes.length - ((bytes.length - from) % GROUP_BYTES));
    return Buffer.from(whole).toString('base64');
  });
}
