import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { networks, protocols } from '../ids.ts';
import type { Fact, SecurityFacts, Trust } from './facts.ts';
import { holdReasons } from './facts.ts';
import type { Label, Readers } from './label.ts';
import { cases, DAY_MS, disagreements, NOW } from './oracle.ts';
import * as rules from './rules.ts';
import { label, meet, neededFacts, readersRank, RULES_VERSION, worse, type LabelInput } from './rules.ts';

const sources = ['session', 'message', 'group', 'certificate', 'network-data'] as const;
const odd = fc.constantFrom(NaN, Infinity, -Infinity, -1, 0);
const asOf = fc.oneof(fc.integer({ min: NOW - 2_000 * DAY_MS, max: NOW + DAY_MS }), odd);
function fact<T>(of: fc.Arbitrary<T>): fc.Arbitrary<Fact<T>> {
  return fc.oneof(
    { weight: 5, arbitrary: fc.record({ is: of, asOf, by: fc.constantFrom(...sources) }) },
    { weight: 1, arbitrary: fc.constant('unknown' as const) },
  );
}
const holder = fc.record({
  kind: fc.constantFrom('provider', 'carrier', 'bridge', 'organisation'),
  name: fc.constantFrom('Northmail', 'Postbox', ''),
});
const span = fc.record({
  withinMs: fc.oneof(fc.constant('never' as const), fc.integer({ min: 0, max: 30 * DAY_MS }), odd),
});
const path: fc.Arbitrary<SecurityFacts> = fc.record({
  endToEnd: fact(fc.boolean()),
  otherKeyHolders: fact(fc.array(holder, { maxLength: 2 })),
  forwardSecrecy: fact(span),
  recovery: fact(span),
  postQuantum: fact(fc.constantFrom('none', 'handshake', 'ongoing')),
  authenticated: fact(fc.boolean()),
  exposed: fact(fc.uniqueArray(fc.constantFrom('subject', 'reactions', 'group-name', 'attachments'))),
  engine: fact(
    fc.record({
      name: fc.constant('library'),
      version: fc.constant('1'),
      review: fc.constantFrom('audited', 'unaudited', 'known-bad'),
    }),
  ),
});
/** Nearly always good, so that the better labels are reached often and each single flaw is seen alone. */
function nearly<T>(good: T, any: fc.Arbitrary<Fact<T>>): fc.Arbitrary<Fact<T>> {
  return fc.oneof(
    { weight: 12, arbitrary: fc.constant({ is: good, asOf: NOW, by: 'session' as const }) },
    { weight: 1, arbitrary: any },
  );
}
const goodPath: fc.Arbitrary<SecurityFacts> = path.chain((any) =>
  fc.record({
    endToEnd: nearly(true, fc.constant(any.endToEnd)),
    otherKeyHolders: nearly([], fc.constant(any.otherKeyHolders)),
    forwardSecrecy: nearly({ withinMs: DAY_MS }, fc.constant(any.forwardSecrecy)),
    recovery: nearly({ withinMs: DAY_MS }, fc.constant(any.recovery)),
    postQuantum: fc.constant(any.postQuantum),
    authenticated: nearly(true, fc.constant(any.authenticated)),
    exposed: nearly([], fc.constant(any.exposed)),
    engine: nearly({ name: 'library', version: '1', review: 'audited' }, fc.constant(any.engine)),
  }),
);
const trust: fc.Arbitrary<Trust> = fc.oneof(
  fc.record({
    kind: fc.constant('checked'),
    at: fc.nat(9),
    by: fc.constantFrom('number', 'code', 'secure-join', 'own-device'),
  }),
  fc.record({ kind: fc.constant('unchecked') }),
  fc.record({ kind: fc.constant('changed'), at: fc.nat(9), wasChecked: fc.boolean() }),
);
const input: fc.Arbitrary<LabelInput> = fc.record({
  network: fc.constantFrom(...networks),
  protocol: fc.constantFrom(...protocols),
  testNetwork: fc.boolean(),
  facts: fc.array(fc.oneof(path, goodPath), { maxLength: 4 }),
  identity: fc.oneof(
    fc.record({ kind: fc.constant('one'), trust }),
    fc.record({ kind: fc.constant('group'), trusts: fc.array(trust, { maxLength: 4 }) }),
  ),
  hold: fc.constantFrom(null, ...holdReasons),
  now: fc.constant(NOW),
});

/** No better in every respect: the rank is lower, or it is the same and nothing that was wrong has gone. Below "not known" there is nothing. */
function atMost(lower: Readers, higher: Readers): boolean {
  if (readersRank[lower.kind] !== readersRank[higher.kind])
    return readersRank[lower.kind] < readersRank[higher.kind];
  const wrong = (readers: Readers): string[] => {
    switch (readers.kind) {
      case 'members':
        return [];
      case 'members-limited':
        return [...readers.limits, ...(readers.exposed ?? [])];
      case 'provider':
        return readers.who.map((who) => `${who.kind} ${who.name}`);
      case 'unknown':
        return [];
    }
  };
  const inLower = new Set(wrong(lower));
  return wrong(higher).every((each) => inLower.has(each));
}

describe('the page docs/label.md', () => {
  it('holds every case the rules can tell apart', () => {
    expect(cases.length).toBeGreaterThan(25);
    expect(new Set(cases.map((each) => each.readers.kind))).toEqual(new Set(Object.keys(readersRank)));
  });

  it('agrees with the rules in every line', () => {
    expect(disagreements(rules)).toEqual([]);
  });

  it('names the version of the rules and their thresholds', () => {
    const page = readFileSync(new URL('../../docs/label.md', import.meta.url), 'utf8');
    expect(page).toContain(`version ${RULES_VERSION} of the rules`);
    for (const [name, ms] of [
      ['Old keys still open old messages', rules.SLOW_FORWARD_SECRECY_MS],
      ["A thief of today's keys reads along", rules.SLOW_RECOVERY_MS],
      ['Facts about session or group keys are believed', rules.STALE_KEYS_MS],
      ['Facts about a network are believed', rules.STALE_NETWORK_DATA_MS],
    ] as const)
      expect(page.replaceAll(/ +/g, ' ')).toContain(`| ${name} | ${ms / DAY_MS} days |`);
  });
});

describe('for any facts', () => {
  it('forgetting a fact never makes a label better', () => {
    fc.assert(
      fc.property(input, fc.nat(3), fc.constantFrom(...neededFacts), (of, at, name) => {
        const less = of.facts.map((facts, index): SecurityFacts =>
          index === at ? { ...facts, [name]: 'unknown' } : facts,
        );
        expect(atMost(label({ ...of, facts: less }).readers, label(of).readers)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  it('a further path never makes a label better', () => {
    fc.assert(
      fc.property(input, fc.oneof(path, goodPath), (of, more) => {
        fc.pre(of.facts.length > 0);
        const now = label({ ...of, facts: [...of.facts, more] }).readers;
        expect(atMost(now, label(of).readers)).toBe(true);
        expect(atMost(now, label({ ...of, facts: [more] }).readers)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  it('time alone never makes a label better', () => {
    fc.assert(
      fc.property(input, fc.integer({ min: 0, max: 3_000 * DAY_MS }), (of, later) => {
        expect(atMost(label({ ...of, now: of.now + later }).readers, label(of).readers)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  it('a clock that shows no time believes nothing that can grow old', () => {
    fc.assert(
      fc.property(goodPath, (facts) => {
        const timed = { ...facts, otherKeyHolders: { is: [], asOf: NOW, by: 'network-data' as const } };
        const readers = label({
          network: 'email',
          protocol: 'openpgp',
          testNetwork: false,
          facts: [timed],
          identity: { kind: 'one', trust: { kind: 'unchecked' } },
          hold: null,
          now: NaN,
        }).readers;
        expect(readers.kind).toBe('unknown');
      }),
    );
  });

  it('the order of paths does not matter', () => {
    fc.assert(
      fc.property(input, (of) => {
        expect(label({ ...of, facts: of.facts.toReversed() })).toEqual(label(of));
      }),
    );
  });

  it('a claim of end-to-end without a protocol is never believed', () => {
    fc.assert(
      fc.property(input, (of) => {
        const kind = label({ ...of, protocol: 'none' }).readers.kind;
        expect(kind === 'unknown' || kind === 'provider').toBe(true);
      }),
    );
  });

  it('only people in the chat means: every path was known, fresh, end to end, with no other holder', () => {
    let reached = 0;
    fc.assert(
      fc.property(input, fc.array(goodPath, { maxLength: 2 }), (any, facts) => {
        const of = { ...any, facts };
        if (label(of).readers.kind !== 'members') return;
        reached += 1;
        for (const each of of.facts) {
          expect(each.endToEnd).toMatchObject({ is: true });
          expect(each.otherKeyHolders).toMatchObject({ is: [] });
          expect(each.authenticated).toMatchObject({ is: true });
          expect(each.engine).toMatchObject({ is: { review: 'audited' } });
        }
      }),
      { numRuns: 20_000 },
    );
    expect(reached).toBeGreaterThan(500);
  });

  it('a hold stops and changes nothing else', () => {
    fc.assert(
      fc.property(input, fc.constantFrom(...holdReasons), (of, hold) => {
        const open = label({ ...of, hold: null });
        expect(label({ ...of, hold })).toEqual({ ...open, sending: { ok: false, why: hold } });
      }),
    );
  });
});

describe('worse', () => {
  const labels = input.map((of): Label => label(of));

  it('is never true of a label and itself', () => {
    fc.assert(
      fc.property(labels, (of) => !worse(of, of)),
      { numRuns: 5_000 },
    );
  });

  it('holds the message whenever forgetting or another path lowered the rank', () => {
    fc.assert(
      fc.property(input, path, (of, more) => {
        const seen = label(of);
        const now = label({ ...of, facts: [...of.facts, more] });
        if (readersRank[now.readers.kind] < readersRank[seen.readers.kind])
          expect(worse(now, seen)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  it('what is fine step by step is fine in one step', () => {
    let chains = 0;
    fc.assert(
      fc.property(
        fc.record({ network: fc.constantFrom('email' as const), a: input, b: input, c: input }),
        ({ a, b, c, network }) => {
          const [la, lb, lc] = [a, b, c].map((of) => label({ ...of, network, testNetwork: false }));
          if (!la || !lb || !lc || worse(lb, la) || worse(lc, lb)) return;
          chains += 1;
          // Along readers and single identities "not worse" is transitive; so a slow decay in small steps cannot pass unseen.
          expect(worse(lc, la)).toBe(false);
        },
      ),
      { numRuns: 10_000 },
    );
    expect(chains).toBeGreaterThan(100);
  });
});

describe('meet', () => {
  it('of no path is unknown, and names everything', () => {
    expect(meet([])).toEqual({ kind: 'unknown', missing: neededFacts });
  });
});
