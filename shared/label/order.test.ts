import fc from 'fast-check';
import { expect, test } from 'vitest';
import { limitCodes, type Label, type Readers } from './label.ts';
import { byProtection } from './order.ts';
import { readersRank, worse } from './rules.ts';

const readers: fc.Arbitrary<Readers> = fc.oneof(
  fc.constant({ kind: 'members' } as const),
  fc.record({
    kind: fc.constant('members-limited' as const),
    limits: fc.subarray([...limitCodes], { minLength: 1 }),
  }),
  fc.constant({ kind: 'provider', who: [{ kind: 'provider', name: 'Northmail' }] } as const),
  fc.constant({ kind: 'unknown', missing: ['endToEnd'] } as const),
);
const label: fc.Arbitrary<Label> = fc.record({
  network: fc.constant('email' as const),
  protocol: fc.constant('openpgp' as const),
  testNetwork: fc.constant(false),
  rules: fc.constant(1),
  readers,
  identity: fc.record({
    kind: fc.constant('one' as const),
    trust: fc.constantFrom(
      { kind: 'unchecked' } as const,
      { kind: 'checked', at: 1, by: 'number' } as const,
      { kind: 'changed', at: 1, wasChecked: false } as const,
    ),
  }),
  sending: fc.constantFrom({ ok: true } as const, { ok: false, why: 'no-key' } as const),
});

test('orders: who can read it decides first, and what is worse in every way never comes before', () => {
  fc.assert(
    fc.property(fc.array(label, { maxLength: 8 }), (labels) => {
      const ranks = labels.toSorted(byProtection).map((each) => readersRank[each.readers.kind]);
      expect(ranks).toEqual(ranks.toSorted((a, b) => b - a));
    }),
  );
  fc.assert(
    fc.property(label, label, (a, b) => {
      expect(Math.sign(byProtection(a, b)) + Math.sign(byProtection(b, a))).toBe(0);
      // Both can send, and only one of them is worse than the other.
      if (a.sending.ok === b.sending.ok && worse(a, b) && !worse(b, a))
        expect(byProtection(a, b)).toBeGreaterThan(0);
    }),
  );
});

test('of two that are read by the same, the checked one comes first, then the one with fewer limits, then the open one', () => {
  const base: Label = {
    network: 'signal',
    protocol: 'signal',
    testNetwork: false,
    rules: 1,
    readers: { kind: 'members-limited', limits: ['no-recovery'] },
    identity: { kind: 'one', trust: { kind: 'unchecked' } },
    sending: { ok: true },
  };
  const checked: Label = {
    ...base,
    identity: { kind: 'one', trust: { kind: 'checked', at: 1, by: 'number' } },
  };
  const more: Label = { ...base, readers: { kind: 'members-limited', limits: ['no-recovery', 'exposed'] } };
  const stopped: Label = { ...base, sending: { ok: false, why: 'no-key' } };
  expect([more, stopped, checked, base].toSorted(byProtection)).toEqual([checked, base, stopped, more]);
});
