import { describe, expect, it } from 'vitest';
import { grouped } from './key.ts';

describe('grouped', () => {
  it('cuts a fingerprint into groups of four', () => {
    expect(grouped('05a39c417ed02b88f16a30c75d19e40ba2c47f31')).toEqual(
      '05A3 9C41 7ED0 2B88 F16A 30C7 5D19 E40B A2C4 7F31'.split(' '),
    );
  });
  it('reads one that is grouped already', () => {
    expect(grouped('05A3 9C41 7ED0 2B88:F16A')).toEqual(['05A3', '9C41', '7ED0', '2B88', 'F16A']);
  });
  it('cuts a Nostr key after its mark, in its own letters', () => {
    const key = 'npub180cvv07tjdrrgpa0j7j7tmnyl2yr6yr7l8j4s3evf6u64th6gkwsyjh6w6';
    const groups = grouped(key);
    expect(groups.slice(0, 3)).toEqual(['npub1', '80cv', 'v07t']);
    expect(groups.join('')).toBe(key);
    expect(grouped(key.slice(0, -1))).toEqual([key.slice(0, -1)]);
  });
  it.each(['alice@post.example', 'abc', '', '05a39c417ed02b8'])('leaves %j whole', (identity) => {
    expect(grouped(identity)).toEqual([identity]);
  });
});
