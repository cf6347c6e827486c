import type { Millis, NetworkId, ProtocolId } from '../ids.ts';
import type { Fact, SecurityFacts } from './facts.ts';
import type { Readers } from './label.ts';
import {
  lookers,
  whatRows,
  type Looker,
  type NetworkFacts,
  type Sight,
  type WhatRow,
} from './network-facts.ts';
import {
  exposedSight,
  others,
  readersSight,
  sealingUnknown,
  subjectSight,
  type JudgedPath,
  type LiveNote,
  type PathSight,
  type Sees,
} from './path-sight.ts';
import { label, STALE_NETWORK_DATA_MS } from './rules.ts';

/** What is known of one conversation besides what holds for all of its network. */
export interface LiveFacts {
  /** One entry for every path of the next send; none at all: nothing is known. */
  readonly forecast: readonly SecurityFacts[];
  /** Whether my newest message hid from the network who sent it; null where nothing says so. */
  readonly sealedSender: { readonly hidden: boolean; readonly at: Millis } | null;
}

/** Where a statement comes from: dated rows of networks/facts.json, or what was reported of this very conversation. */
export type Basis =
  | { readonly kind: 'data'; readonly day: string; readonly sources: readonly string[] }
  | { readonly kind: 'live'; readonly at: Millis };

/** One line of the table. `note`: the whole id of a sentence of facts.json, or a live note. */
export interface SeenRow {
  readonly what: WhatRow;
  readonly sees: Sees;
  readonly note:
    { readonly from: 'data'; readonly id: string } | { readonly from: 'live'; readonly id: LiveNote } | null;
  /** Empty: nobody knows. */
  readonly basis: readonly Basis[];
}

/** What holds of the worst path. */
export interface Known<T> {
  readonly is: T | 'unknown';
  readonly basis: readonly Basis[];
}

type Span = Millis | 'never';
type Engine = Exclude<SecurityFacts['engine'], 'unknown'>['is'];

export interface WhoSees {
  readonly rows: readonly SeenRow[];
  /** Messages of how long ago a stolen device's keys still open. */
  readonly past: Known<Span>;
  /** How long a thief of today's keys reads along. */
  readonly later: Known<Span>;
  readonly quantum: Known<'none' | 'handshake' | 'ongoing'>;
  /** What seals, each once; none where nothing does. */
  readonly engines: readonly Known<Engine>[];
  /** What those who run the network say of a program like this one. */
  readonly permission: { readonly note: string; readonly basis: readonly Basis[] } | null;
  /** What holds on every network. */
  readonly everywhere: readonly { readonly note: string; readonly basis: readonly Basis[] }[];
}

/**
 * Who can see what of a conversation. Pure: the one place where dated facts of a network and the live facts of a conversation
 * meet. What is not known is `unknown`, never `no`; live facts make a cell worse or say more, never better than the rules of the label allow.
 */
export function whoSees(of: {
  readonly network: NetworkId;
  readonly protocol: ProtocolId;
  readonly facts: NetworkFacts;
  readonly live: LiveFacts;
  readonly now: Millis;
}): WhoSees {
  const { network, protocol, facts, live, now } = of;
  const { forecast } = live;
  // By the rules of the label, so that the table never says less than the label does.
  const readersOf = (paths: readonly SecurityFacts[]): Readers =>
    label({
      network,
      protocol,
      testNetwork: false,
      facts: paths,
      identity: { kind: 'one', trust: { kind: 'unchecked' } },
      hold: null,
      now,
    }).readers;
  const paths = forecast.map((path): JudgedPath => ({ path, readers: readersOf([path]) }));
  const readers = readersOf(forecast);
  const missing = new Set(readers.kind === 'unknown' ? readers.missing : []);
  const route = facts.routes.find((each) => each.network === network && each.protocol === protocol);
  const permission = facts.permissions.find((each) => each.network === network);
  return {
    rows: whatRows
      .filter((what) => what !== 'subject' || network === 'email')
      .map((what) => {
        const row = route?.rows.find((each) => each.what === what);
        const dated: SeenRow = row
          ? {
              what,
              sees: aged(row.sees, row.asOf, now),
              note: { from: 'data', id: row.note },
              basis: [data(row)],
            }
          : { what, sees: nothingKnown, note: null, basis: [] };
        switch (what) {
          case 'content':
            return contentRow(dated, paths);
          case 'subject':
            return subjectRow(dated, paths);
          case 'sender':
            return network === 'signal' ? senderRow(dated, live.sealedSender) : dated;
          default:
            return dated;
        }
      }),
    past: worst(forecast, missing.has('forwardSecrecy'), (path) => spanOf(path.forwardSecrecy), longest),
    later: worst(forecast, missing.has('recovery'), (path) => spanOf(path.recovery), longest),
    quantum: worst(
      forecast,
      false,
      (path) => path.postQuantum,
      (left, right) => (quantumRank[left] <= quantumRank[right] ? left : right),
    ),
    engines: protocol === 'none' ? [] : enginesOf(forecast, facts),
    permission: permission ? { note: permission.note, basis: [data(permission)] } : null,
    everywhere: facts.everywhere.map((each) => ({ note: each.note, basis: [data(each)] })),
  };
}

/** What a person outside could be told: me and us aside. */
const nothingKnown: Sees = {
  you: 'yes',
  peer: 'yes',
  operator: 'unknown',
  servers: 'unknown',
  carrier: 'unknown',
  us: 'no',
};

/** The worst first: what is known to be seen, then what is not known. */
const sightRank: Readonly<Record<Sight, number>> = { yes: 3, unknown: 2, part: 1, no: 0, absent: 0 };
const quantumRank = { none: 0, handshake: 1, ongoing: 2 } as const;

const data = (row: { readonly asOf: string; readonly sources: readonly string[] }): Basis => ({
  kind: 'data',
  day: row.asOf,
  sources: row.sources,
});

/** Cells made worse, never better; where nobody is, nobody sees. */
function worsen(sees: Sees, by: Partial<Sees>): Sees {
  const pick = (who: Looker): Sight => {
    const then = by[who] ?? sees[who];
    return sees[who] !== 'absent' && sightRank[then] > sightRank[sees[who]] ? then : sees[who];
  };
  return Object.fromEntries(lookers.map((who) => [who, pick(who)])) as unknown as Sees;
}

/** Data about a network is believed for a while only (docs/label.md); an age that is not a number counts as too old. */
function aged(sees: Sees, day: string, now: Millis): Sees {
  const isFresh = now - Date.parse(`${day}T00:00:00Z`) <= STALE_NETWORK_DATA_MS;
  return isFresh ? sees : worsen(sees, others('unknown'));
}

/** The worst of all paths. A note of the data stands where nothing got worse; else the gravest note of a path says why. */
function worstSight(row: SeenRow, sights: readonly PathSight[], notes: readonly LiveNote[]): SeenRow {
  const sees = sights.reduce((seen, sight) => worsen(seen, sight.sees), row.sees);
  const isWorse = lookers.some((who) => sees[who] !== row.sees[who]);
  const note = notes.find((id) => sights.some((sight) => sight.note === id));
  return { ...row, sees, note: isWorse && note ? { from: 'live', id: note } : row.note };
}

function contentRow(row: SeenRow, paths: readonly JudgedPath[]): SeenRow {
  const basis = [...row.basis, ...liveBasis(paths.map(({ path }) => path.endToEnd))];
  const sights = paths.flatMap((each) => [readersSight(each), exposedSight(each.path)]);
  const notes = ['held-by-others', 'content-not-known', 'partly-open'] as const;
  return { ...worstSight(row, sights.length === 0 ? [sealingUnknown] : sights, notes), basis };
}

/** The subject is part of what is sealed, unless it is said to lie outside. */
function subjectRow(row: SeenRow, paths: readonly JudgedPath[]): SeenRow {
  const basis = [...row.basis, ...liveBasis(paths.map(({ path }) => path.exposed))];
  const sights = paths.flatMap((each) => [readersSight(each), subjectSight(each)]);
  const notes = ['subject-open', 'held-by-others', 'content-not-known'] as const;
  return { ...worstSight(row, sights.length === 0 ? [sealingUnknown] : sights, notes), basis };
}

/** Signal hides who sends where the other side lets it; the newest message shows whether it did. */
function senderRow(row: SeenRow, sealed: LiveFacts['sealedSender']): SeenRow {
  if (sealed === null)
    return {
      ...row,
      sees: worsen(row.sees, { operator: 'unknown' }),
      note: { from: 'live', id: 'sender-not-known' },
    };
  return {
    ...row,
    sees: sealed.hidden ? row.sees : worsen(row.sees, { operator: 'yes' }),
    note: { from: 'live', id: sealed.hidden ? 'hid-sender' : 'named-sender' },
    basis: [...row.basis, { kind: 'live', at: sealed.at }],
  };
}

/** A span that makes no sense says nothing. */
function spanOf(fact: Fact<{ readonly withinMs: Span }>): Fact<Span> {
  if (fact === 'unknown') return 'unknown';
  const { withinMs } = fact.is;
  return withinMs === 'never' || withinMs >= 0 ? { ...fact, is: withinMs } : 'unknown';
}

const longest = (left: Span, right: Span): Span =>
  left === 'never' || right === 'never' ? 'never' : Math.max(left, right);

/** The worst of all paths; unknown where one of them is, or the rules of the label believe it no more. */
function worst<T>(
  forecast: readonly SecurityFacts[],
  isMissing: boolean,
  read: (path: SecurityFacts) => Fact<T>,
  pick: (left: T, right: T) => T,
): Known<T> {
  const all = forecast.map(read);
  const known = all.filter((fact) => fact !== 'unknown');
  const [first] = known;
  if (isMissing || first === undefined || known.length < all.length) return { is: 'unknown', basis: [] };
  return { is: known.reduce((left, { is }) => pick(left, is), first.is), basis: liveBasis(known) };
}

/** The oldest of some facts: a statement is no newer than what it stands on. */
function liveBasis(of: readonly Fact<unknown>[]): readonly Basis[] {
  const times = of.filter((fact) => fact !== 'unknown').map(({ asOf }) => asOf);
  return times.length === 0 ? [] : [{ kind: 'live', at: Math.min(...times) }];
}

/** Every library once, with what facts.json says of its review. */
function enginesOf(
  forecast: readonly SecurityFacts[],
  { libraries }: NetworkFacts,
): readonly Known<Engine>[] {
  if (forecast.length === 0) return [{ is: 'unknown', basis: [] }];
  const found = new Map<string, Known<Engine>>();
  for (const { engine } of forecast) {
    const library =
      engine === 'unknown' ? undefined : libraries.find((each) => each.engine === engine.is.name);
    found.set(JSON.stringify(engine === 'unknown' ? engine : engine.is), {
      is: engine === 'unknown' ? engine : engine.is,
      basis: [...liveBasis([engine]), ...(library ? [data(library)] : [])],
    });
  }
  return [...found.values()];
}
