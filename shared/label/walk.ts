import { DAY_MS } from './oracle.ts';
import type { Exposure, Fact, Holder, SecurityFacts, Trust } from './facts.ts';
import type { Label, LimitCode, Readers } from './label.ts';
import type { label, LabelInput, worse } from './rules.ts';

/**
 * For the tests only: a world in which sessions are answered, keys renewed, devices and members come and go, mail travels open and facts are
 * forgotten, and what docs/label.md says of each state of it, in whole numbers and without a line of the rules.
 */

type Rules = { readonly label: typeof label; readonly worse: typeof worse };

/** What a path is, and so who reports it. */
const SESSION = 0;
const EPOCH = 1;
const CERTIFICATE = 2;
const OPEN = 3;
const sources = ['session', 'group', 'certificate', 'network-data'] as const;

const AUDITED = 0;
const UNAUDITED = 1;
const BROKEN = 2;
const reviews = ['audited', 'unaudited', 'known-bad'] as const;

const NEVER = -1;
const MAX_PATHS = 3;
const MAX_MEMBERS = 4;

/** One path. Times are days; `past` and `later` are how many days of messages a stolen key opens. */
type Path = {
  kind: number;
  toldOn: number;
  past: number;
  later: number;
  /** Bits of {@link holders}. */
  holders: number;
  subjectIsOpen: boolean;
  isSigned: boolean;
  review: number;
  /** Bits of {@link factNames}. */
  forgotten: number;
  facts: SecurityFacts;
};

type World = {
  day: number;
  protocol: LabelInput['protocol'];
  network: LabelInput['network'];
  paths: Path[];
  members: Trust[];
  isGroup: boolean;
};

const factNames = [
  'endToEnd',
  'otherKeyHolders',
  'forwardSecrecy',
  'recovery',
  'authenticated',
  'exposed',
  'engine',
] as const;
const [END_TO_END, HOLDERS, PAST, LATER, SENDER, OUTSIDE, LIBRARY] = [1, 2, 4, 8, 16, 32, 64] as const;
const ALL_FACTS = 127;

const limitBits: Readonly<Record<LimitCode, number>> = {
  'sender-not-proven': 1,
  'no-forward-secrecy': 2,
  'no-recovery': 4,
  exposed: 8,
  'slow-forward-secrecy': 16,
  'slow-recovery': 32,
  'engine-unaudited': 64,
};
const SUBJECT_BIT = 128;

const holders: readonly Holder[] = [
  { kind: 'provider', name: 'Northmail' },
  { kind: 'organisation', name: 'Employer' },
];

/** Who can read, as one number: the rank above, what is wrong at that rank below. */
const RANK = 1_024;
const UNKNOWN = 0;
const PROVIDER = RANK;
const LIMITED = 2 * RANK;
const MEMBERS = 3 * RANK;

/** What the page says of one path, worst first. */
function readPath(path: Path, protocol: LabelInput['protocol'], day: number): number {
  const age = day - path.toldOn;
  const isOpen = path.kind === OPEN;
  let dark = path.forgotten;
  if ((path.kind === SESSION || path.kind === EPOCH) && age > 30) dark |= PAST | LATER;
  if (isOpen) dark |= age > 730 ? ALL_FACTS : LIBRARY;
  if (path.review === BROKEN) dark |= LIBRARY;
  if (!isOpen && protocol === 'none') dark |= END_TO_END;
  // Open mail that nobody could read cannot be.
  if (isOpen && path.holders === 0 && (path.forgotten & END_TO_END) === 0) dark |= HOLDERS;
  if (dark & END_TO_END) return UNKNOWN + dark;
  if (isOpen) return dark & HOLDERS ? UNKNOWN + HOLDERS : PROVIDER + path.holders;
  if (path.holders !== 0 && !(dark & HOLDERS))
    return dark & LIBRARY ? UNKNOWN + LIBRARY : PROVIDER + path.holders;
  if (dark !== 0) return UNKNOWN + dark;
  let limits = 0;
  if (!path.isSigned) limits |= limitBits['sender-not-proven'];
  if (path.past === NEVER) limits |= limitBits['no-forward-secrecy'];
  if (path.past > 7) limits |= limitBits['slow-forward-secrecy'];
  if (path.later === NEVER) limits |= limitBits['no-recovery'];
  if (path.later > 7) limits |= limitBits['slow-recovery'];
  if (path.subjectIsOpen) limits |= limitBits.exposed | SUBJECT_BIT;
  if (path.review === UNAUDITED) limits |= limitBits['engine-unaudited'];
  return limits === 0 ? MEMBERS : LIMITED + limits;
}

const rankOf = (read: number): number => Math.floor(read / RANK);

/** What the page says of a world: its worst path, with everything that is wrong at that rank. */
function readWorld(world: World): number {
  if (world.paths.length === 0) return UNKNOWN + ALL_FACTS;
  let worst = MEMBERS;
  for (const path of world.paths) {
    const read = readPath(path, world.protocol, world.day);
    if (rankOf(read) < rankOf(worst)) worst = read;
    else if (rankOf(read) === rankOf(worst)) worst |= read;
  }
  return worst;
}

/** A label's readers as the same number. */
function numberOf(readers: Readers): number {
  switch (readers.kind) {
    case 'unknown':
      return readers.missing.reduce(
        (sum, name) => sum | (1 << factNames.indexOf(name as (typeof factNames)[number])),
        UNKNOWN,
      );
    case 'provider':
      return readers.who.reduce(
        (sum, who) => sum | (1 << holders.findIndex((each) => each.name === who.name)),
        PROVIDER,
      );
    case 'members-limited':
      return readers.limits.reduce(
        (sum, code) => sum | limitBits[code],
        LIMITED + (readers.exposed === undefined ? 0 : SUBJECT_BIT),
      );
    case 'members':
      return MEMBERS;
  }
}

/** How sure it is that the members are who they are: counts, and the day of the last change. */
type Sure = {
  readonly isGroup: boolean;
  readonly checked: number;
  readonly changed: number;
  readonly all: number;
  readonly changedOn: number;
};

function sureOf({ members, isGroup }: World): Sure {
  let [checked, changed, changedOn] = [0, 0, 0];
  for (const trust of members) {
    if (trust.kind === 'checked') checked += 1;
    if (trust.kind === 'changed') {
      changed += 1;
      changedOn = Math.max(changedOn, trust.at);
    }
  }
  return { isGroup, checked, changed, all: members.length, changedOn };
}

/** Whether somebody who pressed Send under `seen` would be deceived if it went out under `now`. */
function isLess(
  now: { readonly read: number; readonly sure: Sure; readonly network: string },
  seen: typeof now,
): boolean {
  if (now.network !== seen.network || now.sure.isGroup !== seen.sure.isGroup) return true;
  const [rank, before] = [rankOf(now.read), rankOf(seen.read)];
  if (rank < before) return true;
  // Of what is not known already there is nothing less.
  if (rank === before && rank !== UNKNOWN && (now.read & ~seen.read) % RANK !== 0) return true;
  if (now.sure.isGroup)
    return (
      now.sure.checked < seen.sure.checked ||
      now.sure.changed > seen.sure.changed ||
      now.sure.all - now.sure.checked > seen.sure.all - seen.sure.checked
    );
  return (
    now.sure.checked < seen.sure.checked ||
    now.sure.changed > seen.sure.changed ||
    (now.sure.changed === 1 && now.sure.changedOn > seen.sure.changedOn)
  );
}

/** Whole numbers from 0 to below `of`, the same for the same seed (Marsaglia's xorshift32). */
function dice(seed: number): (of: number) => number {
  let state = seed | 1;
  return (of) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % of;
  };
}

/** What the part that speaks the network would report of a path. */
function report(path: Omit<Path, 'facts'>): SecurityFacts {
  const fact = <T>(bit: number, is: T): Fact<T> =>
    path.forgotten & bit
      ? 'unknown'
      : { is, asOf: path.toldOn * DAY_MS, by: sources[path.kind] ?? 'session' };
  const span = (days: number): { readonly withinMs: number | 'never' } => ({
    withinMs: days === NEVER ? 'never' : days * DAY_MS,
  });
  return {
    endToEnd: fact(END_TO_END, path.kind !== OPEN),
    otherKeyHolders: fact(
      HOLDERS,
      holders.filter((_, at) => path.holders & (1 << at)),
    ),
    forwardSecrecy: fact(PAST, span(path.past)),
    recovery: fact(LATER, span(path.later)),
    postQuantum: 'unknown',
    authenticated: fact(SENDER, path.isSigned),
    exposed: fact<readonly Exposure[]>(OUTSIDE, path.subjectIsOpen ? ['subject'] : []),
    engine:
      path.kind === OPEN
        ? 'unknown'
        : fact(LIBRARY, { name: 'library', version: '1', review: reviews[path.review] ?? 'known-bad' }),
  };
}

/** A fresh path, good more often than not, so that each single flaw is met alone as well. */
function freshPath(roll: (of: number) => number, day: number): Path {
  const kind = [SESSION, SESSION, EPOCH, EPOCH, CERTIFICATE, OPEN][roll(6)] ?? OPEN;
  const isLong = kind === CERTIFICATE || kind === OPEN;
  const path = {
    kind,
    toldOn: day,
    past: isLong ? NEVER : 0,
    later: isLong ? NEVER : 0,
    holders: kind === OPEN ? 1 + roll(3) : 0,
    subjectIsOpen: kind === OPEN,
    isSigned: kind !== OPEN,
    review: kind === SESSION ? AUDITED : UNAUDITED,
    forgotten: 0,
  };
  return { ...path, facts: report(path) };
}

const protocols = ['signal', 'mls', 'openpgp', 'none'] as const;
const trustOf = (roll: (of: number) => number, day: number): Trust => {
  const kind = roll(3);
  if (kind === 0) return { kind: 'checked', at: day, by: 'code' };
  return kind === 1 ? { kind: 'unchecked' } : { kind: 'changed', at: day, wasChecked: true };
};

/** One thing happens in the world. */
function step(world: World, roll: (of: number) => number): void {
  const path = world.paths[roll(MAX_PATHS)];
  const what = roll(16);
  if (what === 0) world.day += 1 + roll(20);
  else if (what === 1) world.protocol = protocols[roll(8)] ?? 'signal';
  else if (what === 2 || (what < 6 && world.paths.length === 0)) {
    if (world.paths.length < MAX_PATHS) world.paths.push(freshPath(roll, world.day));
  } else if (what === 3) world.paths.splice(roll(MAX_PATHS), 1);
  else if (what === 4) {
    if (world.isGroup && world.members.length < MAX_MEMBERS) world.members.push(trustOf(roll, world.day));
    else world.members.splice(0, 1, trustOf(roll, world.day));
  } else if (what === 5) {
    if (world.isGroup) world.members.splice(roll(MAX_MEMBERS), 1);
  } else if (what === 6 && roll(40) === 0) {
    world.isGroup = !world.isGroup;
    world.members = [trustOf(roll, world.day)];
  } else if (what === 7 && roll(40) === 0) world.network = roll(2) === 0 ? 'email' : 'signal';
  else if (what === 8 && roll(20) === 0) world.day += 700 + roll(60);
  else if (path !== undefined) {
    change(path, what, roll);
    if (what >= 12) path.toldOn = world.day; // The others are found out later: what was told keeps its day.
    path.facts = report(path);
  }
}

/** One thing about a path becomes otherwise; repairs are as likely as faults. */
function change(path: Path, what: number, roll: (of: number) => number): void {
  const isRepair = roll(2) === 0;
  if (what === 9) path.forgotten = isRepair ? 0 : path.forgotten ^ (1 << roll(factNames.length));
  else if (what === 10) path.holders = isRepair && path.kind !== OPEN ? 0 : roll(4);
  else if (what === 11) path.review = isRepair ? AUDITED : roll(3);
  else if (what === 12) path.past = isRepair ? 0 : roll(12) + NEVER;
  else if (what === 13) path.later = isRepair ? 0 : roll(12) + NEVER;
  else if (what === 14) path.subjectIsOpen = !isRepair;
  else if (what === 15) path.isSigned = isRepair;
}

/** What a walk met. `wrong` is empty unless the rules said something else than the page. */
export type Walked = {
  readonly wrong: readonly string[];
  /** How often each rank was there, from not known to members. */
  readonly ranks: readonly number[];
  readonly sent: number;
  readonly held: number;
};

/** Walks through so many states and compares the rules with the page at each; ends at the first difference. */
export function walk(rules: Rules, steps: number, seed: number): Walked {
  const roll = dice(seed);
  const world: World = {
    day: 800,
    protocol: 'signal',
    network: 'signal',
    paths: [],
    members: [{ kind: 'unchecked' }],
    isGroup: false,
  };
  const ranks = [0, 0, 0, 0];
  let [sent, held] = [0, 0];
  let seen: { readonly label: Label; readonly said: Parameters<typeof isLess>[0] } | null = null;
  for (let at = 0; at < steps; at += 1) {
    step(world, roll);
    const [first = { kind: 'unchecked' }] = world.members;
    const now = rules.label({
      network: world.network,
      protocol: world.protocol,
      testNetwork: false,
      facts: world.paths.map((path) => path.facts),
      identity: world.isGroup ? { kind: 'group', trusts: world.members } : { kind: 'one', trust: first },
      hold: null,
      now: world.day * DAY_MS,
    });
    const said = { read: readWorld(world), sure: sureOf(world), network: world.network };
    const read = numberOf(now.readers);
    ranks[rankOf(said.read)] = (ranks[rankOf(said.read)] ?? 0) + 1;
    if (read !== said.read) {
      const how = rankOf(read) > rankOf(said.read) ? 'a false upgrade' : 'another label';
      return { wrong: [`${how} at step ${at}: ${read} instead of ${said.read}`], ranks, sent, held };
    }
    if (seen !== null) {
      const isHeld = rules.worse(now, seen.label);
      if (isHeld) held += 1;
      else sent += 1;
      if (isHeld !== isLess(said, seen.said))
        return {
          wrong: [`${isHeld ? 'held without need' : 'sent under less'} at step ${at}`],
          ranks,
          sent,
          held,
        };
    }
    if (seen === null || roll(3) === 0) seen = { label: now, said };
  }
  return { wrong: [], ranks, sent, held };
}
