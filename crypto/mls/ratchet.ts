import { deriveTreeSecret, expandWithLabel } from 'ts-mls/crypto/kdf.js';
import { isLeaf, left, right, toNodeIndex, type NodeIndex } from 'ts-mls/treemath.js';
import { joined, Malformed, readWhole, u32, u8, utf8, vector, vectorOf } from './bytes.ts';
import { demand } from './refusal.ts';
import type { Suite } from './suite.ts';
import { isBelow, nodeOf } from './tree.ts';

/** Keys of messages that were passed over stay for so many generations (as MDK keeps them). */
export const KEPT_GENERATIONS = 100;
/** A ratchet is not turned further than this for one message: more is a waste of time on purpose. */
export const MAX_FORWARD = 1000;

/**
 * What is left of an epoch's secret tree (RFC 9420 §9): secrets of nodes, by place, below which no leaf has had its ratchet made. Making one
 * takes away the secrets above it, so that no message key can be made twice.
 */
export type SecretTree = ReadonlyMap<number, Uint8Array>;

/** Key and nonce of one message. */
interface MessageKey {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
}

/** The ratchet of one sender's application messages in one epoch. Handshakes are public here, so they have none. */
export interface Ratchet {
  readonly secret: Uint8Array;
  readonly generation: number;
  /** Keys of messages that were passed over; not their secrets, from which all later keys would follow. */
  readonly passed: ReadonlyMap<number, MessageKey>;
  /** Messages whose keys went unused, in order: what comes under any other key that is not here was read before. */
  readonly gone: readonly Span[];
}

/** Generations in a row, the last one among them. */
interface Span {
  readonly from: number;
  readonly to: number;
}
/** Of more, the oldest are forgotten: what is written in gaps like that was made to be. */
const MAX_SPANS = 64;

/** Adds generations later than all that are there. */
function withGone(spans: readonly Span[], from: number, to: number): readonly Span[] {
  const last = spans.at(-1);
  if (last !== undefined && last.to + 1 === from) return [...spans.slice(0, -1), { from: last.from, to }];
  return [...spans, { from, to }].slice(-MAX_SPANS);
}

export const freshSecretTree = (root: number, encryptionSecret: Uint8Array): SecretTree =>
  new Map([[root, encryptionSecret]]);

/** Makes a leaf's ratchet. Null when it was made before. */
export async function startRatchet(
  suite: Suite,
  secrets: SecretTree,
  leaf: number,
): Promise<{ readonly ratchet: Ratchet; readonly rest: SecretTree } | null> {
  const target = nodeOf(leaf);
  const start = [...secrets.keys()].find((at) => isBelow(target, at));
  if (start === undefined) return null;
  const { kdf } = suite;
  const rest = new Map(secrets);
  rest.delete(start);
  let at: NodeIndex = toNodeIndex(start);
  let secret: Uint8Array = Uint8Array.from(secrets.get(start) ?? []);
  const child = (side: 'left' | 'right'): Promise<Uint8Array> =>
    expandWithLabel(secret, 'tree', utf8(side), kdf.size, kdf);
  while (!isLeaf(at)) {
    const [onLeft, onRight] = [await child('left'), await child('right')];
    const goesLeft = isBelow(target, left(at));
    rest.set(goesLeft ? right(at) : left(at), goesLeft ? onRight : onLeft);
    secret.fill(0);
    secret = goesLeft ? onLeft : onRight;
    at = goesLeft ? left(at) : right(at);
  }
  const first = await expandWithLabel(secret, 'application', new Uint8Array(), kdf.size, kdf);
  secret.fill(0);
  return { ratchet: { secret: first, generation: 0, passed: new Map(), gone: [] }, rest };
}

async function turned(
  suite: Suite,
  secret: Uint8Array,
  generation: number,
): Promise<{ readonly message: MessageKey; readonly secret: Uint8Array }> {
  const { kdf, hpke } = suite;
  const derive = (label: string, length: number): Promise<Uint8Array> =>
    deriveTreeSecret(secret, label, generation, length, kdf);
  return {
    message: { key: await derive('key', hpke.keyLength), nonce: await derive('nonce', hpke.nonceLength) },
    secret: await derive('secret', kdf.size),
  };
}

/**
 * The key of one generation, and the ratchet without it.
 * @throws Refused `replayed` when it was used, `key-gone` when it is no longer kept, `too-far` when it is not followed that far.
 */
export async function keyFor(
  suite: Suite,
  ratchet: Ratchet,
  generation: number,
): Promise<{ readonly message: MessageKey; readonly ratchet: Ratchet }> {
  const passed = new Map(ratchet.passed);
  if (generation < ratchet.generation) {
    const message = passed.get(generation);
    const isGone = ratchet.gone.some(({ from, to }) => from <= generation && generation <= to);
    demand(message !== undefined, isGone ? 'key-gone' : 'replayed');
    passed.delete(generation);
    return { message, ratchet: { ...ratchet, passed } };
  }
  demand(generation - ratchet.generation <= MAX_FORWARD, 'too-far');
  let { secret } = ratchet;
  const gone = goneBy(ratchet, generation);
  for (let at = ratchet.generation; ; at++) {
    const step = await turned(suite, secret, at);
    // The secret that was read lies in a cell; those made here are gone once they are used.
    if (secret !== ratchet.secret) secret.fill(0);
    secret = step.secret;
    if (at === generation) {
      for (const old of passed.keys()) if (old <= at - KEPT_GENERATIONS) passed.delete(old);
      return { message: step.message, ratchet: { secret, generation: at + 1, passed, gone } };
    }
    if (at > generation - KEPT_GENERATIONS) passed.set(at, step.message);
  }
}

/** Which keys have gone unused, once the ratchet is turned to this generation. */
function goneBy({ passed, gone, generation: next }: Ratchet, generation: number): readonly Span[] {
  const last = generation - KEPT_GENERATIONS;
  const old = [...passed.keys()].filter((at) => at <= last).toSorted((a, b) => a - b);
  const kept = old.reduce((spans, at) => withGone(spans, at, at), gone);
  return next <= last ? withGone(kept, next, last) : kept;
}

/** The next key of my own ratchet. */
export const nextKey = (suite: Suite, ratchet: Ratchet) => keyFor(suite, ratchet, ratchet.generation);

/** The nonce of one message: the first bytes are changed by what was drawn for it (§6.3.1), so that no state restored by mistake uses one twice. */
export function guardedNonce(nonce: Uint8Array, reuseGuard: Uint8Array): Uint8Array {
  return nonce.map((byte, at) => byte ^ (reuseGuard[at] ?? 0));
}

/*
 * How both are stored: a byte for the form, then vectors and numbers as MLS writes them. A ratchet of which keys are gone has
 * a form of its own, and ends with which.
 */
const FORM = 1;
const FORM_WITH_GONE = 2;

export const encodeSecretTree = (secrets: SecretTree): Uint8Array =>
  joined(u8(FORM), vectorOf([...secrets].map(([at, secret]) => joined(u32(at), vector(secret)))));

/** @throws Malformed. */
export const decodeSecretTree = (bytes: Uint8Array): SecretTree =>
  readWhole(bytes, (from) => {
    if (from.u8() !== FORM) throw new Malformed('another form');
    return new Map(from.list((entry) => [entry.u32(), entry.vector()]));
  });

export const encodeRatchet = ({ secret, generation, passed, gone }: Ratchet): Uint8Array =>
  joined(
    u8(gone.length === 0 ? FORM : FORM_WITH_GONE),
    vector(secret),
    u32(generation),
    vectorOf([...passed].map(([at, { key, nonce }]) => joined(u32(at), vector(key), vector(nonce)))),
    ...(gone.length === 0 ? [] : [vectorOf(gone.map(({ from, to }) => joined(u32(from), u32(to))))]),
  );

/** @throws Malformed. */
export const decodeRatchet = (bytes: Uint8Array): Ratchet =>
  readWhole(bytes, (from) => {
    const form = from.u8();
    if (form !== FORM && form !== FORM_WITH_GONE) throw new Malformed('another form');
    return {
      secret: from.vector(),
      generation: from.u32(),
      passed: new Map(from.list((entry) => [entry.u32(), { key: entry.vector(), nonce: entry.vector() }])),
      gone: form === FORM ? [] : from.list((entry) => ({ from: entry.u32(), to: entry.u32() })),
    };
  });
