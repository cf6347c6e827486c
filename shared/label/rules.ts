import type { Millis, NetworkId, ProtocolId } from '../ids.ts';
import type { Exposure, Fact, Holder, HoldReason, SecurityFacts, Trust } from './facts.ts';
import type { Identity, Label, LimitCode, Readers } from './label.ts';

/** Rises whenever the same input may give another label; docs/label.md is the page of this version. */
export const RULES_VERSION = 1;

const DAY_MS = 24 * 60 * 60 * 1_000;
/** Longer than this and old keys open old messages for too long to be called fully private. */
export const SLOW_FORWARD_SECRECY_MS = 7 * DAY_MS;
/** Longer than this and a thief of today's keys reads along for too long to be called fully private. */
export const SLOW_RECOVERY_MS = 7 * DAY_MS;
/** A session or group that nobody has looked at for so long says nothing about today's keys. */
export const STALE_KEYS_MS = 30 * DAY_MS;
/** Dated data about a network (networks/facts.json) is not believed for longer. */
export const STALE_NETWORK_DATA_MS = 730 * DAY_MS;

/** The facts the rules read, in the order they are reported as missing. `postQuantum` is shown in details and changes no label. */
export const neededFacts = [
  'endToEnd',
  'otherKeyHolders',
  'forwardSecrecy',
  'recovery',
  'authenticated',
  'exposed',
  'engine',
] as const satisfies readonly (keyof SecurityFacts)[];
type Needed = (typeof neededFacts)[number];

/** How readers are ranked: a lower rank is never as good. */
export const readersRank = { members: 3, 'members-limited': 2, provider: 1, unknown: 0 } as const;

/** Everything the label of one conversation (or one message) depends on. */
export interface LabelInput {
  readonly network: NetworkId;
  readonly protocol: ProtocolId;
  readonly testNetwork: boolean;
  /** One entry for EVERY path: each device, sender chain, epoch or certificate it would use. None at all is "not known". */
  readonly facts: readonly SecurityFacts[];
  readonly identity:
    | { readonly kind: 'one'; readonly trust: Trust }
    | { readonly kind: 'group'; readonly trusts: readonly Trust[] };
  readonly hold: HoldReason | null;
  /** Epoch ms. For a past message: the time of its evidence, since what held then does not go stale. */
  readonly now: Millis;
}

/**
 * The label: who can read it, is it really them, is sending stopped. Pure; the one place where facts become a label.
 * The rules and the table of cases are docs/label.md.
 */
export function label(input: LabelInput): Label {
  const paths = input.facts.map((facts) => pathReaders(facts, input.protocol, input.now));
  return {
    network: input.network,
    protocol: input.protocol,
    testNetwork: input.testNetwork,
    rules: RULES_VERSION,
    readers: meet(paths),
    identity: identityOf(input.identity),
    sending: input.hold === null ? { ok: true } : { ok: false, why: input.hold },
  };
}

/** The worst of all paths: the lowest rank, with everything that is wrong at that rank. No path at all is `unknown`. */
export function meet(paths: readonly Readers[]): Readers {
  if (paths.length === 0) return { kind: 'unknown', missing: neededFacts };
  const missing = new Set<keyof SecurityFacts>();
  const limits = new Set<LimitCode>();
  const exposed = new Set<Exposure>();
  const holders = new Map<string, Holder>();
  let kind: Readers['kind'] = 'members';
  for (const path of paths) {
    if (readersRank[path.kind] < readersRank[kind]) kind = path.kind;
    if (path.kind === 'unknown') for (const name of path.missing) missing.add(name);
    if (path.kind === 'provider') for (const holder of path.who) holders.set(holderKey(holder), holder);
    if (path.kind === 'members-limited') {
      for (const limit of path.limits) limits.add(limit);
      for (const what of path.exposed ?? []) exposed.add(what);
    }
  }
  if (kind === 'unknown') return { kind, missing: neededFacts.filter((name) => missing.has(name)) };
  if (kind === 'provider') return { kind, who: [...holders.values()].toSorted(byHolder) };
  if (kind === 'members') return { kind };
  return limited(limits, exposed);
}

/**
 * Whether `now` gives less than what the person `seen`: then nothing is sealed. A partial order, never equality:
 * a lower rank, or at the same rank a limit, exposure or holder not seen before; or a weaker identity. Another network is
 * worse in itself. A hold is not compared: it stops by itself.
 */
export function worse(now: Label, seen: Label): boolean {
  if (now.network !== seen.network || now.testNetwork !== seen.testNetwork) return true;
  return worseReaders(now.readers, seen.readers) || weakerIdentity(now.identity, seen.identity);
}

/** Whether a label is below what the person asked for at least. */
export function belowFloor(of: Pick<Label, 'readers'>, floor: Readers['kind']): boolean {
  return readersRank[of.readers.kind] < readersRank[floor];
}

/** Who can read over ONE path. Unknown comes first: what is not known is never called anything better. */
function pathReaders(facts: SecurityFacts, protocol: ProtocolId, now: Millis): Readers {
  const known = (name: Needed): boolean => isKnown(name, facts, protocol, now);
  const missing = neededOf(facts, known).filter((name) => !known(name));
  if (missing.length > 0) return { kind: 'unknown', missing };
  const others = value(facts.otherKeyHolders) ?? [];
  if (value(facts.endToEnd) !== true || others.length > 0) return { kind: 'provider', who: others };
  const limits = limitsOf(facts);
  return limits.size === 0 ? { kind: 'members' } : limited(limits, new Set(value(facts.exposed)));
}

/** Which facts decide: the fewer the worse it already is, so that forgetting one never makes a label better. */
function neededOf(facts: SecurityFacts, known: (name: Needed) => boolean): readonly Needed[] {
  if (!known('endToEnd')) return neededFacts;
  if (value(facts.endToEnd) === false) return ['otherKeyHolders'];
  const others = value(facts.otherKeyHolders) ?? [];
  return others.length > 0 && known('otherKeyHolders') ? ['engine'] : neededFacts;
}

/** A fact counts only when it is there, fresh, makes sense and does not contradict another. */
function isKnown(name: Needed, facts: SecurityFacts, protocol: ProtocolId, now: Millis): boolean {
  const fact = facts[name];
  if (fact === 'unknown' || !isFresh(name, fact.by, now - fact.asOf)) return false;
  switch (name) {
    case 'endToEnd': // a conversation without a protocol has no encryption of its own
      return !(value(facts.endToEnd) === true && protocol === 'none');
    case 'otherKeyHolders': // somebody must be able to read what is not end to end
      return !(value(facts.endToEnd) === false && value(facts.otherKeyHolders)?.length === 0);
    case 'forwardSecrecy':
      return isSpan(value(facts.forwardSecrecy)?.withinMs);
    case 'recovery':
      return isSpan(value(facts.recovery)?.withinMs);
    case 'engine':
      return value(facts.engine)?.review !== 'known-bad';
    case 'authenticated':
    case 'exposed':
      return true;
  }
}

/** Written so that an age that is not a number counts as stale. A certificate's state carries its own end, a message is history. */
function isFresh(name: Needed, by: Exclude<Fact<unknown>, 'unknown'>['by'], ageMs: number): boolean {
  if (by === 'network-data') return ageMs <= STALE_NETWORK_DATA_MS;
  if (by === 'certificate' || by === 'message') return true;
  return (name !== 'forwardSecrecy' && name !== 'recovery') || ageMs <= STALE_KEYS_MS;
}

/** A negative span, or one that is not a number, says nothing. */
function isSpan(withinMs: Millis | 'never' | undefined): boolean {
  return withinMs === 'never' || (withinMs !== undefined && withinMs >= 0);
}

function limitsOf(facts: SecurityFacts): Set<LimitCode> {
  const limits = new Set<LimitCode>();
  const oldKeys = value(facts.forwardSecrecy)?.withinMs ?? 'never';
  if (oldKeys === 'never') limits.add('no-forward-secrecy');
  else if (oldKeys > SLOW_FORWARD_SECRECY_MS) limits.add('slow-forward-secrecy');
  const lockout = value(facts.recovery)?.withinMs ?? 'never';
  if (lockout === 'never') limits.add('no-recovery');
  else if (lockout > SLOW_RECOVERY_MS) limits.add('slow-recovery');
  if (value(facts.exposed)?.length !== 0) limits.add('exposed');
  if (value(facts.engine)?.review !== 'audited') limits.add('engine-unaudited');
  if (value(facts.authenticated) !== true) limits.add('sender-not-proven');
  return limits;
}

function limited(limits: ReadonlySet<LimitCode>, exposed: ReadonlySet<Exposure>): Readers {
  const codes = limitOrder.filter((code) => limits.has(code));
  return exposed.size === 0
    ? { kind: 'members-limited', limits: codes }
    : { kind: 'members-limited', limits: codes, exposed: [...exposed].toSorted() };
}

/** The gravest first: the row shows only one. */
const limitOrder: readonly LimitCode[] = [
  'sender-not-proven',
  'no-forward-secrecy',
  'no-recovery',
  'exposed',
  'slow-forward-secrecy',
  'slow-recovery',
  'engine-unaudited',
];

function worseReaders(now: Readers, seen: Readers): boolean {
  if (readersRank[now.kind] !== readersRank[seen.kind]) return readersRank[now.kind] < readersRank[seen.kind];
  if (now.kind === 'members-limited' && seen.kind === 'members-limited') {
    const exposed = seen.exposed ?? [];
    return (
      now.limits.some((code) => !seen.limits.includes(code)) ||
      (now.exposed ?? []).some((what) => !exposed.includes(what))
    );
  }
  if (now.kind === 'provider' && seen.kind === 'provider') {
    const known = new Set(seen.who.map(holderKey));
    return now.who.some((holder) => !known.has(holderKey(holder)));
  }
  return false;
}

const trustRank = { checked: 2, unchecked: 1, changed: 0 } as const;

function weakerIdentity(now: Identity, seen: Identity): boolean {
  if (now.kind === 'group' && seen.kind === 'group') {
    // Counts cannot tell who: whenever fewer are checked, more changed or more are not checked, the person looks again.
    return (
      now.checked < seen.checked ||
      now.changed > seen.changed ||
      now.of - now.checked > seen.of - seen.checked
    );
  }
  if (now.kind === 'one' && seen.kind === 'one') {
    if (now.trust.kind === 'changed' && seen.trust.kind === 'changed') return now.trust.at > seen.trust.at;
    return trustRank[now.trust.kind] < trustRank[seen.trust.kind];
  }
  return true;
}

function identityOf(identity: LabelInput['identity']): Identity {
  if (identity.kind === 'one') return identity;
  const count = (kind: Trust['kind']): number =>
    identity.trusts.filter((trust) => trust.kind === kind).length;
  return { kind: 'group', checked: count('checked'), changed: count('changed'), of: identity.trusts.length };
}

const value = <T>(fact: Fact<T>): T | undefined => (fact === 'unknown' ? undefined : fact.is);
const holderKey = (holder: Holder): string => `${holder.kind}\n${holder.name}`;
const byHolder = (a: Holder, b: Holder): number => (holderKey(a) < holderKey(b) ? -1 : 1);
