import { readFileSync } from 'node:fs';
import * as v from 'valibot';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NetworkId, ProtocolId } from '../ids.ts';
import type { Exposure, Fact, Holder, SecurityFacts } from './facts.ts';
import { factsSchema, lookers, sights, type Sight } from './network-facts.ts';
import { whoSees, type LiveFacts, type WhoSees } from './who-sees.ts';

const facts = v.parse(
  factsSchema,
  JSON.parse(readFileSync(new URL('../../networks/facts.json', import.meta.url), 'utf8')),
);
const NOW = Date.UTC(2026, 10, 26, 12);
const DAY = 86_400_000;

const fact = <T>(is: T, asOf = NOW, by: 'session' | 'message' | 'network-data' = 'session'): Fact<T> => ({
  is,
  asOf,
  by,
});
const sealed: SecurityFacts = {
  endToEnd: fact(true),
  otherKeyHolders: fact<readonly Holder[]>([]),
  forwardSecrecy: fact({ withinMs: 0 }),
  recovery: fact({ withinMs: DAY }),
  postQuantum: fact<'none' | 'handshake' | 'ongoing'>('ongoing'),
  authenticated: fact(true),
  exposed: fact<readonly Exposure[]>([]),
  engine: fact({ name: 'libsignal', version: '1', review: 'audited' as const }),
};
const northmail: Holder = { kind: 'provider', name: 'Northmail' };
const open: SecurityFacts = {
  ...sealed,
  endToEnd: fact(false),
  otherKeyHolders: fact([northmail]),
  engine: 'unknown',
};
const holds = (...who: readonly Holder[]): SecurityFacts => ({ ...sealed, otherKeyHolders: fact(who) });
const shows = (...what: readonly Exposure[]): SecurityFacts => ({ ...sealed, exposed: fact(what) });

const letters: Readonly<Record<Sight, string>> = { yes: 'y', part: 'p', no: '-', absent: '.', unknown: '?' };
/** `yy--- -`: you, other side, operator, servers, carrier, us. */
const line = (seen: WhoSees, what: string): string => {
  const row = seen.rows.find((each) => each.what === what);
  return row ? lookers.map((who) => letters[row.sees[who]]).join('') : 'none';
};
const note = (seen: WhoSees, what: string): string | undefined =>
  seen.rows.find((each) => each.what === what)?.note?.id;

const see = (network: NetworkId, protocol: ProtocolId, live: Partial<LiveFacts>, now = NOW): WhoSees =>
  whoSees({ network, protocol, facts, live: { forecast: [], sealedSender: null, ...live }, now });

/** One line a case: way | live facts | what is looked at | you, other side, operator, servers, carrier, us | its note. */
const cases: readonly (readonly [
  network: NetworkId,
  protocol: ProtocolId,
  name: string,
  live: Partial<LiveFacts>,
  what: string,
  sees: string,
  note: string | undefined,
])[] = [
  ['email', 'openpgp', 'sealed', { forecast: [sealed] }, 'content', 'yy----', 'facts.note.sealed'],
  ['email', 'openpgp', 'sealed', { forecast: [sealed] }, 'subject', 'yy----', 'facts.note.subject'],
  ['email', 'openpgp', 'sealed', { forecast: [sealed] }, 'sender', 'yyyy--', 'facts.note.envelope'],
  ['email', 'openpgp', 'sealed', { forecast: [sealed] }, 'groups', 'yyyy--', 'facts.note.groups-email'],
  ['email', 'openpgp', 'nothing known', {}, 'content', 'yy???-', 'content-not-known'],
  ['email', 'openpgp', 'nothing known', {}, 'subject', 'yy???-', 'content-not-known'],
  ['email', 'openpgp', 'one path of two not known', { forecast: [sealed, { ...sealed, endToEnd: 'unknown' }] }, 'content', 'yy???-', 'content-not-known'],
  ['email', 'openpgp', 'one path of two open, of the other something is not known', { forecast: [{ ...open }, { ...sealed, recovery: 'unknown' }] }, 'content', 'yyyy--', 'held-by-others'],
  ['email', 'openpgp', 'one path of two open, of the other something is not known', { forecast: [{ ...open }, { ...sealed, recovery: 'unknown' }] }, 'subject', 'yyyy--', 'held-by-others'],
  ['email', 'openpgp', 'keys held by nobody knows whom', { forecast: [{ ...sealed, otherKeyHolders: 'unknown' }] }, 'content', 'yy???-', 'content-not-known'],
  ['email', 'openpgp', 'a provider holds keys', { forecast: [holds(northmail)] }, 'content', 'yyyy--', 'held-by-others'],
  ['email', 'openpgp', 'a carrier holds keys', { forecast: [holds({ kind: 'carrier', name: 'C' })] }, 'content', 'yy--y-', 'held-by-others'],
  ['email', 'openpgp', 'two hold keys', { forecast: [holds({ kind: 'carrier', name: 'C' }), holds(northmail)] }, 'content', 'yyyyy-', 'held-by-others'],
  ['email', 'openpgp', 'the library is broken', { forecast: [{ ...sealed, engine: fact({ name: 'x', version: '1', review: 'known-bad' }) }] }, 'content', 'yy???-', 'content-not-known'],
  ['email', 'openpgp', 'the subject is open', { forecast: [shows('subject')] }, 'subject', 'yyyy--', 'subject-open'],
  ['email', 'openpgp', 'the subject is open', { forecast: [shows('subject')] }, 'content', 'yy----', 'facts.note.sealed'],
  ['email', 'openpgp', 'files are open', { forecast: [shows('attachments')] }, 'content', 'yypp--', 'partly-open'],
  ['email', 'openpgp', 'what is outside is not known', { forecast: [{ ...sealed, exposed: 'unknown' }] }, 'content', 'yy??--', 'content-not-known'],
  ['email', 'openpgp', 'only theft is not known', { forecast: [{ ...sealed, recovery: 'unknown' }] }, 'content', 'yy----', 'facts.note.sealed'],
  ['email', 'none', 'open', { forecast: [open] }, 'content', 'yyyy--', 'facts.note.open'],
  ['email', 'none', 'nothing known', {}, 'content', 'yyyy?-', 'content-not-known'],
  ['email', 'none', 'open', { forecast: [open] }, 'subject', 'yyyy--', 'facts.note.open'],
  ['signal', 'signal', 'sealed', { forecast: [sealed] }, 'content', 'yy-.--', 'facts.note.sealed'],
  ['signal', 'signal', 'sealed', { forecast: [sealed] }, 'subject', 'none', undefined],
  ['signal', 'signal', 'nothing was sent yet', { forecast: [sealed] }, 'sender', 'yy?.--', 'sender-not-known'],
  ['signal', 'signal', 'the sender was hidden', { forecast: [sealed], sealedSender: { hidden: true, at: NOW } }, 'sender', 'yyp.--', 'hid-sender'],
  ['signal', 'signal', 'the sender was named', { forecast: [sealed], sealedSender: { hidden: false, at: NOW } }, 'sender', 'yyy.--', 'named-sender'],
  ['signal', 'signal', 'sealed', { forecast: [sealed] }, 'groups', 'yyp.--', 'facts.note.groups-signal'],
  ['nostr', 'mls', 'sealed', { forecast: [sealed] }, 'content', 'yy----', 'facts.note.sealed'],
  ['nostr', 'mls', 'sealed', { forecast: [sealed] }, 'sender', 'yypp--', 'facts.note.once-key'],
  ['nostr', 'mls', 'sealed', { forecast: [sealed] }, 'ip', 'y-yyy-', 'facts.note.relays-ip'],
  ['nostr', 'mls', 'nothing known', {}, 'content', 'yy???-', 'content-not-known'],
  ['dummy', 'none', 'no data about the network', { forecast: [sealed] }, 'time', 'yy???-', undefined],
]; // prettier-ignore

describe('who sees what', () => {
  it.each(cases)('%s %s, %s: %s', (network, protocol, _, live, what, sees, said) => {
    const seen = see(network, protocol, live);
    expect(line(seen, what)).toBe(sees);
    expect(note(seen, what)).toBe(said);
  });

  it('believes data about a network for two years', () => {
    const seen = see('signal', 'signal', { forecast: [sealed] }, NOW + 731 * DAY);
    expect(line(seen, 'recipient')).toBe('yyy.?-');
    expect(line(seen, 'content')).toBe('yy?.?-');
    expect(line(see('signal', 'signal', { forecast: [sealed] }, Number.NaN), 'ip')).toBe('y-y.y-');
  });

  it('gives every line where it comes from, and none where nobody knows', () => {
    const at = NOW - 5;
    const seen = see('signal', 'signal', { forecast: [sealed], sealedSender: { hidden: true, at } });
    for (const { what, basis } of seen.rows) expect(basis[0], what).toMatchObject({ kind: 'data' });
    expect(seen.rows.find(({ what }) => what === 'sender')?.basis[1]).toEqual({ kind: 'live', at });
    expect(seen.permission?.basis[0]).toMatchObject({ kind: 'data' });
    expect(seen.everywhere.length).toBeGreaterThan(0);
    expect(see('dummy', 'none', {}).rows.flatMap(({ basis }) => basis)).toEqual([]);
  });
});

describe('what a theft opens', () => {
  const span = (forward: number | 'never', later: number | 'never', asOf = NOW): SecurityFacts => ({
    ...sealed,
    forwardSecrecy: fact({ withinMs: forward }, asOf),
    recovery: fact({ withinMs: later }, asOf),
  });
  it.each([
    ['one path', [span(0, DAY)], 0, DAY],
    ['the worst of two', [span(0, 2 * DAY), span(3 * DAY, DAY)], 3 * DAY, 2 * DAY],
    ['never is worst', [span(0, 'never'), span('never', 0)], 'never', 'never'],
    ['no path', [], 'unknown', 'unknown'],
    ['one not known', [span(0, 0), { ...sealed, forwardSecrecy: 'unknown' as const }], 'unknown', DAY],
    ['a span that makes no sense', [span(-1, Number.NaN)], 'unknown', 'unknown'],
    ['a session nobody looked at for 31 days', [span(0, 0, NOW - 31 * DAY)], 'unknown', 'unknown'],
  ] as const)('%s', (_, forecast, past, later) => {
    const seen = see('signal', 'signal', { forecast });
    expect([seen.past.is, seen.later.is]).toEqual([past, later]);
    expect(seen.past.basis).toHaveLength(past === 'unknown' ? 0 : 1);
  });

  it('quantum computers: the worst path, unknown where one is', () => {
    const path = (is: 'none' | 'handshake' | 'ongoing' | 'unknown'): SecurityFacts => ({
      ...sealed,
      postQuantum: is === 'unknown' ? is : fact(is),
    });
    const of = (...all: Parameters<typeof path>[0][]) =>
      see('signal', 'signal', { forecast: all.map(path) }).quantum.is;
    expect([
      of('ongoing'),
      of('ongoing', 'handshake'),
      of('none', 'ongoing'),
      of('ongoing', 'unknown'),
      of(),
    ]).toEqual(['ongoing', 'handshake', 'none', 'unknown', 'unknown']);
  });

  it('names what seals, with what is known of its review', () => {
    const [engine, ...more] = see('signal', 'signal', { forecast: [sealed, sealed] }).engines;
    expect(more).toEqual([]);
    expect(engine?.basis.map(({ kind }) => kind)).toEqual(['live', 'data']);
    expect(see('signal', 'signal', {}).engines).toEqual([{ is: 'unknown', basis: [] }]);
    expect(see('email', 'none', { forecast: [open] }).engines).toEqual([]);
  });
});

describe('any live facts', () => {
  const some = <T>(is: fc.Arbitrary<T>): fc.Arbitrary<Fact<T>> =>
    fc.oneof(
      fc.constant('unknown' as const),
      fc.record({
        is,
        asOf: fc.integer({ min: NOW - 800 * DAY, max: NOW }),
        by: fc.constantFrom('session', 'message', 'group', 'certificate', 'network-data' as const),
      }) as fc.Arbitrary<Fact<T>>,
    );
  const within = fc.record({
    withinMs: fc.oneof(fc.constant('never' as const), fc.double({ min: -1, max: 9e9 })),
  });
  const path: fc.Arbitrary<SecurityFacts> = fc.record({
    endToEnd: some(fc.boolean()),
    otherKeyHolders: some(
      fc.array(
        fc.record({
          kind: fc.constantFrom('provider', 'carrier', 'bridge', 'organisation' as const),
          name: fc.string({ maxLength: 4 }),
        }),
        { maxLength: 2 },
      ),
    ),
    forwardSecrecy: some(within),
    recovery: some(within),
    postQuantum: some(fc.constantFrom('none', 'handshake', 'ongoing' as const)),
    authenticated: some(fc.boolean()),
    exposed: some(fc.subarray(['subject', 'reactions', 'group-name', 'attachments'] as Exposure[])),
    engine: some(
      fc.record({
        name: fc.constant('x'),
        version: fc.constant('1'),
        review: fc.constantFrom('audited', 'unaudited', 'known-bad' as const),
      }),
    ),
  }) as fc.Arbitrary<SecurityFacts>;
  const live = fc.record({
    forecast: fc.array(path, { maxLength: 3 }),
    sealedSender: fc.option(fc.record({ hidden: fc.boolean(), at: fc.constant(NOW) })),
  });
  const rank: readonly Sight[] = ['absent', 'no', 'part', 'unknown', 'yes'];

  it('never make a cell better than the data, nor say that nobody reads what the label calls open', () => {
    expect(rank.toSorted()).toEqual(sights.toSorted());
    fc.assert(
      fc.property(fc.constantFrom(...facts.routes), live, ({ network, protocol, rows }, given) => {
        const seen = see(network, protocol, given);
        for (const row of seen.rows) {
          const dated = rows.find(({ what }) => what === row.what);
          for (const who of lookers)
            expect(rank.indexOf(row.sees[who])).toBeGreaterThanOrEqual(
              rank.indexOf(dated?.sees[who] ?? 'absent'),
            );
        }
        const isSealed =
          given.forecast.length > 0 &&
          given.forecast.every(({ endToEnd }) => endToEnd !== 'unknown' && endToEnd.is);
        const content = seen.rows.find(({ what }) => what === 'content');
        if (!isSealed) expect(content?.sees.operator).toMatch(/^(?:yes|unknown)$/u);
      }),
      { numRuns: 3_000 },
    );
  });

  it('fewer of them never make a cell better', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...facts.routes),
        fc.array(path, { minLength: 1, maxLength: 2 }),
        fc.constantFrom('endToEnd', 'otherKeyHolders', 'exposed', 'engine' as const),
        ({ network, protocol }, forecast, name) => {
          const [first, ...rest] = forecast;
          if (!first) return;
          const before = see(network, protocol, { forecast });
          const after = see(network, protocol, { forecast: [{ ...first, [name]: 'unknown' }, ...rest] });
          for (const [at, row] of before.rows.entries())
            for (const who of lookers) {
              const then = after.rows[at]?.sees[who] ?? 'absent';
              // What was known to be seen may become not known; what was not, never becomes fine.
              if (row.sees[who] !== 'yes')
                expect(rank.indexOf(then)).toBeGreaterThanOrEqual(rank.indexOf(row.sees[who]));
              else expect(['yes', 'unknown']).toContain(then);
            }
        },
      ),
      { numRuns: 3_000 },
    );
  });
});
