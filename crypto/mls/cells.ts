import type { GroupContext } from 'ts-mls';
import { encode } from 'ts-mls/codec/tlsEncoder.js';
import { decodeGroupContext, groupContextEncoder } from 'ts-mls/groupContext.js';
import type { KeySchedule } from 'ts-mls/keySchedule.js';
import { decodeRatchetTree, ratchetTreeEncoder } from 'ts-mls/ratchetTree.js';
import { PlainsealError } from '../../shared/errors.ts';
import type { Brand, Millis } from '../../shared/ids.ts';
import { decodedOnce } from '../../shared/lane/decoded.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import { joined, Malformed, readWhole, u32, u64, u8, utf8, vector, vectorOf, type Reader } from './bytes.ts';
import type { NodeKeys } from './path.ts';
import {
  decodeRatchet,
  decodeSecretTree,
  encodeRatchet,
  encodeSecretTree,
  type Ratchet,
  type SecretTree,
} from './ratchet.ts';
import type { Tree } from './tree.ts';

/*
 * mls-group        <group>                  head: what epoch it is in, which ones are kept, my signature key
 * mls-epoch        <group>/<epoch>          key schedule, my private keys
 * mls-tree         <group>/<epoch>          all that is public: context, tree, and when each leaf last had new keys
 * mls-secrets      <group>/<epoch>          what is left of the secret tree
 * mls-ratchet      <group>/<epoch>/<leaf>   one sender's ratchet
 * mls-proposal     <group>/<epoch>/<ref>    a proposal that waits for a commit
 * mls-pending      <group>/<epoch>/<digest> a commit of mine that is not applied, with the epoch it leads to
 * mls-key-package  <ref>                    private halves of a key package of mine
 *
 * A message writes one ratchet, and the first of a sender also what is left of the secret tree. Nothing of the tree.
 */

/** A group id in hex. */
export type GroupKey = Brand<string, 'MlsGroupKey'>;
/** Names one epoch of one branch: two commits of one epoch lead to epochs of the same number that are not the same. */
export type EpochId = Brand<string, 'MlsEpochId'>;

/** An epoch that is kept. */
export interface EpochRef {
  readonly id: EpochId;
  readonly number: bigint;
  /** The epoch it came from; null for the one I began with. */
  readonly parent: EpochId | null;
  readonly startedAt: Millis;
  /** SHA-256 over the commit that began it, hex; empty for the one I began with. */
  readonly commit: string;
}

export interface Head {
  /** False once I was removed. */
  readonly active: boolean;
  readonly current: EpochId;
  readonly signKey: Uint8Array;
  /** The reference of the key package I joined with; empty for a group of my own making. */
  readonly keyPackage: string;
  /** When I joined. */
  readonly since: Millis;
  readonly epochs: readonly EpochRef[];
}

/** Secrets of an epoch that this engine has a use for: none for external joins or pre-shared keys. */
export type EpochSecrets = Omit<KeySchedule, 'externalSecret' | 'resumptionPsk'>;

/** What is secret of an epoch, besides its message keys. */
export interface EpochKeys {
  readonly keys: NodeKeys;
  readonly secrets: EpochSecrets;
}

/** What is public of an epoch, besides its members. */
interface Stated {
  readonly context: GroupContext;
  readonly confirmationTag: Uint8Array;
  /** My own place. */
  readonly leaf: number;
}

export type Epoch = EpochKeys & Stated;

/** What is public of an epoch. */
export interface Roster extends Stated {
  readonly tree: Tree;
  /** When each leaf last had new keys, as far as I saw it. Leaves I know nothing of are missing. */
  readonly renewedAt: ReadonlyMap<number, Millis>;
}

const space =
  (name: string) =>
  (key: string): StateKey => ({ space: `mls-${name}`, key });
export const groupCell = space('group');
export const epochCell = space('epoch');
export const treeCell = space('tree');
export const secretsCell = space('secrets');
export const ratchetCell = space('ratchet');
export const proposalCell = space('proposal');
export const pendingCell = space('pending');
export const keyPackageCell = space('key-package');

/** How the cells of an epoch are named. */
export const under = (group: GroupKey, epoch: EpochId): string => `${group}/${epoch}`;

const FORM = 1;

/** Reads a cell of mine. @throws PlainsealError `corrupt`: that is no fault of any message. */
export function readCell<T>(bytes: Uint8Array, read: (from: Reader) => T): T {
  try {
    return readWhole(bytes, (from) => {
      if (from.u8() !== FORM) throw new Malformed('another form');
      return read(from);
    });
  } catch (cause) {
    if (cause instanceof Malformed)
      throw new PlainsealError('corrupt', 'a cell of MLS does not read', { cause });
    throw cause;
  }
}

export const cellOf = (...parts: readonly Uint8Array[]): Uint8Array => joined(u8(FORM), ...parts);

const text = (from: Reader): string => Buffer.from(from.vector()).toString('utf8');
const millis = (at: Millis): Uint8Array => u64(BigInt(Math.max(0, Math.floor(at))));
const readMillis = (from: Reader): Millis => Number(from.u64());

export const encodeHead = ({ active, current, signKey, keyPackage, since, epochs }: Head): Uint8Array =>
  cellOf(
    u8(active ? 1 : 0),
    vector(utf8(current)),
    vector(signKey),
    vector(utf8(keyPackage)),
    millis(since),
    vectorOf(
      epochs.map(({ id, number, parent, startedAt, commit }) =>
        joined(
          vector(utf8(id)),
          u64(number),
          vector(utf8(parent ?? '')),
          millis(startedAt),
          vector(utf8(commit)),
        ),
      ),
    ),
  );

export const decodeHead = (bytes: Uint8Array): Head =>
  readCell(bytes, (from) => ({
    active: from.u8() === 1,
    current: text(from) as EpochId,
    signKey: from.vector(),
    keyPackage: text(from),
    since: readMillis(from),
    epochs: from.list((entry) => ({
      id: text(entry) as EpochId,
      number: entry.u64(),
      parent: (text(entry) || null) as EpochId | null,
      startedAt: readMillis(entry),
      commit: text(entry),
    })),
  }));

export const encodeEpochKeys = ({ keys, secrets }: EpochKeys): Uint8Array =>
  cellOf(
    vectorOf([...keys].map(([at, key]) => joined(u32(at), vector(key)))),
    vector(secrets.initSecret),
    vector(secrets.senderDataSecret),
    vector(secrets.exporterSecret),
    vector(secrets.confirmationKey),
    vector(secrets.membershipKey),
    vector(secrets.epochAuthenticator),
  );

export const decodeEpochKeys = (bytes: Uint8Array): EpochKeys =>
  readCell(bytes, (from) => ({
    keys: new Map(from.list((entry) => [entry.u32(), entry.vector()])),
    secrets: {
      initSecret: from.vector(),
      senderDataSecret: from.vector(),
      exporterSecret: from.vector(),
      confirmationKey: from.vector(),
      membershipKey: from.vector(),
      epochAuthenticator: from.vector(),
    },
  }));

export const encodeRoster = ({ context, confirmationTag, leaf: me, tree, renewedAt }: Roster): Uint8Array =>
  cellOf(
    encode(groupContextEncoder)(context),
    vector(confirmationTag),
    u32(me),
    vectorOf([...renewedAt].map(([leaf, at]) => joined(u32(leaf), millis(at)))),
    encode(ratchetTreeEncoder)(tree),
  );

export const decodeRoster = (bytes: Uint8Array): Roster =>
  readCell(bytes, (from) => ({
    context: from.one(decodeGroupContext),
    confirmationTag: from.vector(),
    leaf: from.u32(),
    renewedAt: new Map(from.list((entry) => [entry.u32(), readMillis(entry)])),
    tree: from.one(decodeRatchetTree),
  }));

/** The epoch that a commit of mine leads to, which is not applied: the cells that it will have. */
export interface Pending {
  readonly epoch: Uint8Array;
  readonly roster: Uint8Array;
  readonly secrets: Uint8Array;
}

export const encodePending = ({ epoch, roster, secrets }: Pending): Uint8Array =>
  cellOf(vector(epoch), vector(roster), vector(secrets));

export const decodePending = (bytes: Uint8Array): Pending =>
  readCell(bytes, (from) => ({
    epoch: from.vector(),
    roster: from.vector(),
    secrets: from.vector(),
  }));

/** Reads what other files of the engine encode. @throws PlainsealError `corrupt`. */
function own<T>(bytes: Uint8Array, decode: (bytes: Uint8Array) => T): T {
  return readCell(cellOf(bytes), (from) => decode(from.take(from.left)));
}

export async function readHead(work: Pick<Work, 'get'>, group: GroupKey): Promise<Head | null> {
  const bytes = await work.get(groupCell(group));
  return bytes === null ? null : decodedOnce(bytes, decodeHead, decodeHead);
}

/** @throws PlainsealError `corrupt` when a cell that must be there is not, or does not read. */
async function mustRead<T>(
  work: Pick<Work, 'get'>,
  cell: StateKey,
  decode: (bytes: Uint8Array) => T,
): Promise<T> {
  const bytes = await work.get(cell);
  if (bytes === null) throw new PlainsealError('corrupt', 'a cell of MLS is missing');
  return decode(bytes);
}

export const readEpochKeys = (work: Pick<Work, 'get'>, group: GroupKey, id: EpochId): Promise<EpochKeys> =>
  mustRead(work, epochCell(under(group, id)), (bytes) =>
    decodedOnce(bytes, decodeEpochKeys, decodeEpochKeys),
  );

/** Reads the public part of epochs. */
export interface Rosters {
  read(work: Pick<Work, 'get'>, group: GroupKey, id: EpochId): Promise<Roster>;
}

const MAX_ROSTERS = 16;

/** Keeps the trees that were read last: to read a large one takes longer than all else that a message needs. They are public. */
export function createRosters(): Rosters {
  const known = new Map<string, Roster>();
  return {
    async read(work, group, id) {
      const name = under(group, id);
      const roster = known.get(name) ?? (await mustRead(work, treeCell(name), decodeRoster));
      known.delete(name);
      known.set(name, roster);
      const [oldest] = known.keys();
      if (known.size > MAX_ROSTERS && oldest !== undefined) known.delete(oldest);
      return roster;
    },
  };
}

export async function readSecretTree(
  work: Pick<Work, 'get'>,
  group: GroupKey,
  id: EpochId,
): Promise<SecretTree> {
  return mustRead(work, secretsCell(under(group, id)), (bytes) => own(bytes, decodeSecretTree));
}

export async function readRatchet(
  work: Pick<Work, 'get'>,
  group: GroupKey,
  id: EpochId,
  leaf: number,
): Promise<Ratchet | null> {
  const bytes = await work.get(ratchetCell(`${under(group, id)}/${leaf}`));
  return bytes === null ? null : own(bytes, decodeRatchet);
}

export function writeRatchet(work: Work, group: GroupKey, id: EpochId, leaf: number, ratchet: Ratchet): void {
  work.put(ratchetCell(`${under(group, id)}/${leaf}`), encodeRatchet(ratchet));
}

export function writeSecretTree(work: Work, group: GroupKey, id: EpochId, secrets: SecretTree): void {
  work.put(secretsCell(under(group, id)), encodeSecretTree(secrets));
}
