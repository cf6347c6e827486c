import { PlainsealError } from '../../shared/errors.ts';
import type { Millis } from '../../shared/ids.ts';
import { ABSENT, type StateKey, type StateWrite, type Work } from '../../shared/lane/state.ts';
import type { Local } from './address.ts';
import type { OwnIdentities } from './engine.ts';
import { keyPairOf, type Own } from './identity.ts';
import { pqPreKeyKey, preKeyKey, signedPreKeyKey, usedPrefix, usedSpace } from './prekey-cells.ts';
import {
  encodeList,
  idAfter,
  listKey,
  readList,
  type Batch,
  type Lasting,
  type PreKeyList,
} from './prekey-list.ts';
import {
  makeBatch,
  makePqPreKey,
  makePreKey,
  makeSignedPreKey,
  randomId,
  type Made,
  type Signer,
} from './prekey-make.ts';
import type { PreKeyUpload, PublicPreKey, ServerKeys } from './prekeys.ts';

// The figures are Signal Desktop's, but the queue's, which is the server's.
const HOUR_MS: Millis = 60 * 60 * 1_000;
const DAY_MS: Millis = 24 * HOUR_MS;
/** One-time keys made at once, and how few the server may have left before more are made. */
export const BATCH_KEYS = 100;
export const FEW_KEYS = 10;
/** Signed and last-resort keys are replaced when they are older. */
export const ROTATE_AFTER_MS: Millis = 36 * HOUR_MS;
/** A message may lie on the server for so long before it is fetched, made with keys that were replaced meanwhile. */
export const QUEUE_MS: Millis = 45 * DAY_MS;
/** One-time keys that nobody has used by then go, except for the newest. */
export const UNUSED_AFTER_MS: Millis = 90 * DAY_MS;
const KEPT_BATCHES = 2;
/** However often a server says that it has no keys left, no more are kept. */
const MAX_BATCHES = 50;
/** Signed keys kept at most, and last-resort ones: three times as many as are made while a message may lie on the server. */
const MAX_LASTING = 100;

type Cell = Made<PublicPreKey>['cell'];
/** New keys: what goes up, what is kept, and the list with them in it. */
interface Additions {
  readonly upload: PreKeyUpload;
  readonly cells: readonly Cell[];
  readonly list: PreKeyList;
}

const nothing = (): PreKeyList => ({
  nextId: randomId(),
  nextPqId: randomId(),
  batches: [],
  pqBatches: [],
  signed: [],
  lastResort: [],
});

/**
 * Makes the keys that are due. Ids go round after 16 million, and are free again by then: nothing is kept for so many keys.
 */
function additions(signer: Signer, list: PreKeyList, counts: ServerKeys, now: Millis): Additions {
  // Where none was made here, what the server has is of an identity before (number-keys.ts).
  const ec = counts.ec < FEW_KEYS || list.batches.length === 0 ? batchFrom(list.nextId, now) : null;
  const pq = counts.pq < FEW_KEYS || list.pqBatches.length === 0 ? batchFrom(list.nextPqId, now) : null;
  const nextId = ec === null ? list.nextId : idAfter(ec.first, ec.count);
  const nextPqId = pq === null ? list.nextPqId : idAfter(pq.first, pq.count);
  // With whatever goes up, so that all that a newer state of this device uploads shows by what is looked at first (repeated-keys.ts).
  const rotates =
    counts.lacksNewest === true ||
    ec !== null ||
    pq !== null ||
    isDue(list.signed, now) ||
    isDue(list.lastResort, now);
  const preKeys = ec === null ? [] : makeBatch(ec, (id) => makePreKey(signer, id));
  const pqPreKeys = pq === null ? [] : makeBatch(pq, (id) => makePqPreKey(signer, 'one-time', id, now));
  const signed = rotates ? makeSignedPreKey(signer, nextId, now) : null;
  const lastResort = rotates ? makePqPreKey(signer, 'last-resort', nextPqId, now) : null;
  return {
    upload: {
      preKeys: preKeys.map(({ told }) => told),
      pqPreKeys: pqPreKeys.map(({ told }) => told),
      signedPreKey: signed?.told ?? null,
      pqLastResortPreKey: lastResort?.told ?? null,
    },
    cells: [...preKeys, ...pqPreKeys, ...(signed ? [signed] : []), ...(lastResort ? [lastResort] : [])].map(
      ({ cell }) => cell,
    ),
    list: {
      nextId: rotates ? idAfter(nextId, 1) : nextId,
      nextPqId: rotates ? idAfter(nextPqId, 1) : nextPqId,
      batches: ec === null ? list.batches : [...list.batches, ec],
      pqBatches: pq === null ? list.pqBatches : [...list.pqBatches, pq],
      signed: rotates ? [...list.signed, { id: nextId, madeAt: now }] : list.signed,
      lastResort: rotates ? [...list.lastResort, { id: nextPqId, madeAt: now }] : list.lastResort,
    },
  };
}

const batchFrom = (first: number, now: Millis): Batch => ({ first, count: BATCH_KEYS, madeAt: now });

/** Whether the newest is too old, or made in a future that a clock put right has taken back. */
function isDue(keys: readonly Lasting[], now: Millis): boolean {
  const newest = keys.at(-1);
  return newest === undefined || newest.madeAt > now || now - newest.madeAt > ROTATE_AFTER_MS;
}

const isOld = (batches: readonly Batch[], now: Millis) => (batch: Batch, at: number) =>
  at < batches.length - MAX_BATCHES ||
  (at < batches.length - KEPT_BATCHES && now - batch.madeAt > UNUSED_AFTER_MS);

/** Whether a key was replaced so long ago that no message made with it can still come, or a server had too many made. */
const isPast = (keys: readonly Lasting[], now: Millis) => (_: Lasting, at: number) => {
  const next = keys[at + 1];
  return next !== undefined && (now - next.madeAt > QUEUE_MS || at < keys.length - MAX_LASTING);
};

const idsOf = ({ first, count }: Batch): readonly number[] =>
  Array.from({ length: count }, (_, at) => idAfter(first, at));

/** Takes away what is too old, private halves and the notes of its uses with it. */
async function withoutOld(local: Local, list: PreKeyList, work: Work, now: Millis): Promise<PreKeyList> {
  const old = {
    batches: list.batches.filter(isOld(list.batches, now)),
    pqBatches: list.pqBatches.filter(isOld(list.pqBatches, now)),
    signed: list.signed.filter(isPast(list.signed, now)),
    lastResort: list.lastResort.filter(isPast(list.lastResort, now)),
  };
  const keys: StateKey[] = [
    ...old.batches.flatMap(idsOf).map((id) => preKeyKey(local, id)),
    ...old.pqBatches.flatMap(idsOf).map((id) => pqPreKeyKey(local, id)),
    ...old.signed.map(({ id }) => signedPreKeyKey(local, id)),
    ...old.lastResort.map(({ id }) => pqPreKeyKey(local, id)),
  ];
  for (const { id } of old.lastResort)
    for (const [use] of await work.scan(usedSpace(local), usedPrefix(id))) keys.push(use);
  await Promise.all(
    keys.map(async (key) => {
      if ((await work.get(key)) !== null) work.put(key, null);
    }),
  );
  return {
    ...list,
    batches: list.batches.filter((one) => !old.batches.includes(one)),
    pqBatches: list.pqBatches.filter((one) => !old.pqBatches.includes(one)),
    signed: list.signed.filter((one) => !old.signed.includes(one)),
    lastResort: list.lastResort.filter((one) => !old.lastResort.includes(one)),
  };
}

/**
 * What is to be uploaded now, private halves in `work` to be committed first; null when nothing is. Keys that are too old go.
 * @throws PlainsealError `corrupt` when the list of keys does not read.
 */
export async function upkeep(
  own: Own,
  local: Local,
  counts: ServerKeys,
  work: Work,
  now: Millis,
): Promise<PreKeyUpload | null> {
  const me = local === 'ACI' ? own.aci : own.pni;
  if (me === null) return null;
  const before = (await readList(work, local)) ?? nothing();
  const { upload, cells, list } = additions({ local, identity: me.pair.privateKey }, before, counts, now);
  const after = await withoutOld(local, list, work, now);
  for (const { key, value } of cells) work.put(key, value);
  const isChanged =
    cells.length > 0 || after.batches.length < before.batches.length || lasts(after) < lasts(before);
  if (isChanged) work.put(listKey(local), encodeList(after));
  return cells.length === 0 ? null : upload;
}

const lasts = ({ pqBatches, signed, lastResort }: PreKeyList): number =>
  pqBatches.length + signed.length + lastResort.length;

/** The first keys of an account's identities: what a link request and the first uploads tell, and the cells that hold the rest. */
export interface FirstKeys {
  readonly work: readonly StateWrite[];
  readonly aci: FirstUpload;
  /** Null for an account without a number. */
  readonly pni: FirstUpload | null;
}
/** A first upload has everything. */
export type FirstUpload = PreKeyUpload & {
  readonly signedPreKey: NonNullable<PreKeyUpload['signedPreKey']>;
  readonly pqLastResortPreKey: NonNullable<PreKeyUpload['pqLastResortPreKey']>;
};

/**
 * Makes the first keys of a device that is being linked; no unit of work is there yet, so the writes are given.
 * @throws Error from libsignal when an identity key is none.
 */
export function firstKeys(
  identities: Pick<OwnIdentities, 'aciIdentityKey' | 'pniIdentityKey'>,
  now: Millis,
): FirstKeys {
  const { aciIdentityKey, pniIdentityKey } = identities;
  const aci = firstOf('ACI', aciIdentityKey, now);
  const pni = pniIdentityKey === null ? null : firstOf('PNI', pniIdentityKey, now);
  return { work: [...aci.work, ...(pni?.work ?? [])], aci: aci.upload, pni: pni?.upload ?? null };
}

function firstOf(
  local: Local,
  identityKey: Uint8Array,
  now: Millis,
): { readonly work: readonly StateWrite[]; readonly upload: FirstUpload } {
  const signer = { local, identity: keyPairOf(identityKey).privateKey };
  const { upload, cells, list } = additions(signer, nothing(), { ec: 0, pq: 0 }, now);
  const { signedPreKey, pqLastResortPreKey } = upload;
  if (signedPreKey === null || pqLastResortPreKey === null)
    throw new PlainsealError('internal', 'first keys without signed ones');
  const written = [...cells, { key: listKey(local), value: encodeList(list) }];
  return {
    work: written.map((cell) => ({ ...cell, expect: ABSENT })),
    upload: { ...upload, signedPreKey, pqLastResortPreKey },
  };
}
