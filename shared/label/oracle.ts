import { readFileSync } from 'node:fs';
import type { Millis, ProtocolId } from '../ids.ts';
import { protocols } from '../ids.ts';
import { floor as words } from '../words/en/floor.ts';
import type { Exposure, Fact, Holder, SecurityFacts, Trust } from './facts.ts';
import { floors, type Floor } from './floor.ts';
import type { LimitCode, Readers } from './label.ts';
import type { belowFloor, label, LabelInput, worse } from './rules.ts';

/** For the tests only: reads the tables of docs/label.md. The page a person reads is what the rules are held to. */

const page = readFileSync(new URL('../../docs/label.md', import.meta.url), 'utf8');

export const NOW: Millis = Date.UTC(2026, 10, 25);
export const DAY_MS = 24 * 60 * 60 * 1_000;

export type Case = {
  readonly number: string;
  readonly protocol: ProtocolId;
  readonly facts: SecurityFacts;
  readonly readers: Readers;
};

/** Rows of the table under `<!-- name -->`, cells trimmed. */
function table(name: string): readonly (readonly string[])[] {
  const after = page.split(`<!-- ${name} -->`)[1];
  if (after === undefined) throw new Error(`docs/label.md has no table ${name}`);
  const lines = after.trimStart().split('\n');
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(2, end < 0 ? undefined : end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((text) => text.trim()),
  );
}

function cell(row: readonly string[], at: number): string {
  const text = row[at];
  if (text === undefined || text === '') throw new Error(`empty cell ${at} in ${row.join('|')}`);
  return text;
}

const known = <T>(is: T): Fact<T> => ({ is, asOf: NOW, by: 'message' });
function fact<T>(text: string, read: (text: string) => T): Fact<T> {
  return text === '?' ? 'unknown' : known(read(text));
}

function choice<T>(options: Readonly<Record<string, T>>): (text: string) => T {
  return (text) => {
    if (!Object.hasOwn(options, text)) throw new Error(`unknown word ${text} in docs/label.md`);
    return options[text] as T;
  };
}

function holders(text: string): readonly Holder[] {
  return text === 'none' ? [] : text.split(', ').map((name) => ({ kind: 'provider', name }));
}

function days(text: string): Millis {
  const match = /^(-?\d+) days?$/.exec(text);
  if (!match?.[1]) throw new Error(`not a number of days: ${text}`);
  return Number(match[1]) * DAY_MS;
}

const span = (text: string): { readonly withinMs: Millis | 'never' } => ({
  withinMs: text === 'always' ? 'never' : days(text),
});

/** `limits: a, exposed (subject)`, `provider: X, Y`, `unknown: f, g`, `members`. */
function readers(text: string): Readers {
  if (text === 'members') return { kind: 'members' };
  const [kind, rest = ''] = text.split(': ');
  if (kind === 'provider') return { kind, who: holders(rest) };
  if (kind === 'unknown') return { kind, missing: rest.split(', ') as (keyof SecurityFacts)[] };
  if (kind !== 'limits') throw new Error(`unknown outcome ${text}`);
  const exposed: Exposure[] = [];
  const limits = rest.split(', ').map((word) => {
    const [code, what] = word.split(' (');
    if (what) exposed.push(...(what.slice(0, -1).split(' ') as Exposure[]));
    return code as LimitCode;
  });
  return exposed.length === 0
    ? { kind: 'members-limited', limits }
    : { kind: 'members-limited', limits, exposed };
}

export const cases: readonly Case[] = table('cases').map((row) => {
  const protocol = protocols.find((each) => each === row[1]);
  if (!protocol) throw new Error(`unknown protocol ${row[1]}`);
  return {
    number: cell(row, 0),
    protocol,
    facts: {
      endToEnd: fact(cell(row, 2), choice({ yes: true, no: false })),
      otherKeyHolders: fact(cell(row, 3), holders),
      forwardSecrecy: fact(cell(row, 4), span),
      recovery: fact(cell(row, 5), span),
      postQuantum: 'unknown',
      authenticated: fact(cell(row, 6), choice({ proven: true, 'not proven': false })),
      exposed: fact(cell(row, 7), (text) => (text === 'nothing' ? [] : (text.split(', ') as Exposure[]))),
      engine: fact(cell(row, 8), (review) => ({
        name: 'library',
        version: '1',
        review: choice({ audited: 'audited', unaudited: 'unaudited', 'known-bad': 'known-bad' } as const)(
          review,
        ),
      })),
    },
    readers: readers(cell(row, 9)),
  };
});

export function caseOf(number: string): Case {
  const found = cases.find((each) => each.number === number);
  if (!found) throw new Error(`docs/label.md has no case ${number}`);
  return found;
}

/** Each limit with the sentence the page promises for it. */
export const limitRows = table('limits').map((row) => ({
  code: cell(row, 0) as LimitCode,
  sentence: cell(row, 1),
}));

export const pathCases = table('paths').map((row) => ({
  name: cell(row, 0),
  paths: cell(row, 0) === 'no path' ? [] : cell(row, 0).split(' + ').map(caseOf),
  readers: readers(cell(row, 1)),
}));

export const ageCases = table('ages').map((row) => {
  const of = caseOf(cell(row, 0));
  const name = cell(row, 1) as keyof SecurityFacts;
  const by = cell(row, 2) as Exclude<Fact<unknown>, 'unknown'>['by'];
  const old = of.facts[name];
  if (old === undefined || old === 'unknown') throw new Error(`case ${of.number} has no ${name}`);
  const facts = { ...of.facts, [name]: { ...old, by, asOf: NOW - days(cell(row, 3)) } } as SecurityFacts;
  return { name: row.slice(0, 4).join(' '), of, facts, readers: readers(cell(row, 4)) };
});

/** `checked`, `unchecked`, `changed on day 5`, `2 of 3 checked and 1 changed`. */
function identity(text: string): LabelInput['identity'] {
  const changed = /^changed on day (\d+)$/.exec(text);
  if (changed)
    return { kind: 'one', trust: { kind: 'changed', at: Number(changed[1]) * DAY_MS, wasChecked: true } };
  const group = /^(\d+) of (\d+) checked(?: and (\d+) changed)?$/.exec(text);
  if (group) {
    const [checked, of, moved] = [Number(group[1]), Number(group[2]), Number(group[3] ?? 0)];
    const trusts = Array.from({ length: of }, (_, at): Trust => {
      if (at < checked) return { kind: 'checked', at: 0, by: 'code' };
      return at < checked + moved ? { kind: 'changed', at: 0, wasChecked: false } : { kind: 'unchecked' };
    });
    return { kind: 'group', trusts };
  }
  if (text === 'checked') return { kind: 'one', trust: { kind: 'checked', at: 0, by: 'code' } };
  if (text === 'unchecked') return { kind: 'one', trust: { kind: 'unchecked' } };
  throw new Error(`unknown identity ${text}`);
}

function situation(text: string): { readonly of: Case; readonly identity: LabelInput['identity'] } {
  const [number = '', ...rest] = text.split(', ');
  return { of: caseOf(number), identity: identity(rest.join(', ')) };
}

export const worseCases = table('worse').map((row) => ({
  name: `${cell(row, 0)} → ${cell(row, 1)}`,
  seen: situation(cell(row, 0)),
  now: situation(cell(row, 1)),
  goesOut: choice({ yes: true, no: false })(cell(row, 2)),
}));

/** What label() is given for a case. */
export const inputOf = (of: Case, more: Partial<LabelInput> = {}): LabelInput => ({
  network: 'email',
  protocol: of.protocol,
  testNetwork: false,
  facts: [of.facts],
  identity: { kind: 'one', trust: { kind: 'unchecked' } },
  hold: null,
  now: NOW,
  ...more,
});

/** As the page calls them, and shared/words does. */
const floorNames: Readonly<Record<string, Floor>> = Object.fromEntries(
  floors.map((floor) => [words[`floor.${floor}`], floor]),
);

type Rules = {
  readonly label: typeof label;
  readonly worse: typeof worse;
  readonly belowFloor: typeof belowFloor;
};

/** Every line of docs/label.md that the given rules get wrong; the tests hold the rules to it, and mutants of the rules against it. */
export function disagreements(rules: Rules): readonly string[] {
  const wrong: string[] = [];
  const expect = (name: string, got: unknown, wanted: unknown): void => {
    if (JSON.stringify(got) !== JSON.stringify(wanted))
      wrong.push(`${name}: ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`);
  };
  for (const of of cases) expect(`case ${of.number}`, rules.label(inputOf(of)).readers, of.readers);
  for (const { name, paths, readers: wanted } of pathCases) {
    const protocol = paths.at(0)?.protocol ?? 'openpgp';
    const input = inputOf(cases[0] as Case, { protocol, facts: paths.map((each) => each.facts) });
    expect(`paths ${name}`, rules.label(input).readers, wanted);
    expect(
      `paths ${name}, turned`,
      rules.label({ ...input, facts: input.facts.toReversed() }).readers,
      wanted,
    );
  }
  for (const { name, of, facts, readers: wanted } of ageCases)
    expect(`age ${name}`, rules.label(inputOf(of, { facts: [facts] })).readers, wanted);
  for (const { name, seen, now, goesOut } of worseCases)
    expect(
      `worse ${name}`,
      rules.worse(rules.label(inputOf(now.of, now)), rules.label(inputOf(seen.of, seen))),
      !goesOut,
    );
  const ladder = ['21', '1', '2', '7'].map((number) => rules.label(inputOf(caseOf(number))));
  for (const row of table('floors')) {
    const floor = choice(floorNames)(cell(row, 0));
    ladder.forEach((of, at) =>
      expect(`floor ${floor} ${at}`, rules.belowFloor(of, floor), cell(row, at + 1) === 'no'),
    );
  }
  const held = rules.label(inputOf(caseOf('21'), { hold: 'guard' }));
  expect('a hold stops', held.sending, { ok: false, why: 'guard' });
  expect('a hold leaves the readers', held.readers, { kind: 'members' });
  expect('no hold', rules.label(inputOf(caseOf('21'))).sending, { ok: true });
  const other = rules.label(inputOf(caseOf('21'), { network: 'signal' }));
  const test = rules.label(inputOf(caseOf('21'), { testNetwork: true }));
  const own = rules.label(inputOf(caseOf('21')));
  expect('another network is worse', rules.worse(other, own), true);
  expect('a test network is another', rules.worse(test, own), true);
  return wrong;
}
