import { describe, expect, it } from 'vitest';
import type { Label, Readers } from '../../shared/label/label.ts';
import type { Tells } from '../../storage/conversations.ts';
import { NO_FLOOR } from '../../shared/label/floor.ts';
import { tellsFrom, tellsOf } from './tells.ts';

const label = (readers: Readers): Label => ({
  network: 'signal',
  protocol: 'signal',
  testNetwork: false,
  rules: 1,
  readers,
  identity: { kind: 'one', trust: { kind: 'unchecked' } },
  sending: { ok: true },
});
const members = label({ kind: 'members' });
const limited = label({ kind: 'members-limited', limits: ['no-recovery'] });
const provider = label({ kind: 'provider', who: [] });
const unknown = label({ kind: 'unknown', missing: [] });

/** Label | what was chosen | receipts by the settings | told that I read | told that I write. */
const cases: readonly (readonly [string, Label | null, Tells, boolean, boolean, boolean])[] = [
  ['nothing chosen', members, null, true, true, true],
  ['nothing chosen, limits', limited, null, true, true, true],
  ['nothing chosen, a provider reads', provider, null, true, false, false],
  ['nothing chosen, not known', unknown, null, true, false, false],
  ['nothing chosen, no label yet', null, null, true, false, false],
  ['nothing chosen, no receipts in general', members, null, false, false, true],
  ['never', members, 'never', true, false, false],
  ['chosen while private', members, 'private', false, true, true],
  ['chosen while private, and it fell', provider, 'private', true, false, false],
  ['chosen while private, and nobody knows', unknown, 'private', true, false, false],
  ['chosen while weak', provider, 'always', false, true, true],
  ['chosen while weak, private now', members, 'always', false, true, true],
  ['never, weak', unknown, 'never', true, false, false],
];

describe('what the other side is told', () => {
  it.each(cases)('%s', (_, of, chosen, readReceipts, read, typing) => {
    expect(
      tellsOf({ label: of, tellsRead: chosen, tellsTyping: chosen }, { readReceipts }, NO_FLOOR),
    ).toEqual({
      read,
      typing,
    });
  });
  it('each switch is its own', () => {
    const of = { label: members, tellsRead: 'never', tellsTyping: null } as const;
    expect(tellsOf(of, { readReceipts: true }, NO_FLOOR)).toEqual({ read: false, typing: true });
  });
  it('turning it on means what was seen then', () => {
    expect([
      tellsFrom(true, members),
      tellsFrom(true, provider),
      tellsFrom(true, null),
      tellsFrom(false, members),
    ]).toEqual(['private', 'always', 'always', 'never']);
  });
});
