import { describe, expect, it } from 'vitest';
import type { Author } from '../../shared/contract/message.ts';
import { stays, type SaidRow } from './state.ts';

const NOW = 1_800_000_000_000;
const DAY = 24 * 60 * 60_000;
const left = (expires: SaidRow['expires'], author: Author = { me: true }) =>
  stays({ expires, author } as SaidRow, NOW);

describe('how long a message stays', () => {
  it('is said of none that stays', () => {
    expect(left(null)).toBeNull();
  });
  it('is the whole time until that begins', () => {
    expect(left({ afterMs: 7 * DAY, at: null })).toBe('Goes 1 week after it is sent');
    const theirs = { me: false, peer: 'signal|x' as never, name: 'Bob' } as const;
    expect(left({ afterMs: 30_000, at: null }, theirs)).toBe('Goes 30 seconds after it is read');
  });
  it('is what is left, never less than it is and never to the second', () => {
    expect(left({ afterMs: 7 * DAY, at: NOW + 2 * DAY + 1 })).toBe('Goes in 3 days');
    expect(left({ afterMs: DAY, at: NOW + 61_000 })).toBe('Goes in 2 minutes');
    for (const over of [60_000, 1, 0, -5_000])
      expect(left({ afterMs: DAY, at: NOW + over })).toBe('Goes within a minute');
  });
});
