import {
  KEMKeyPair,
  KyberPreKeyRecord,
  PreKeyRecord,
  PrivateKey,
  SignedPreKeyRecord,
} from '@signalapp/libsignal-client';
import { randomInt } from 'node:crypto';
import type { Millis } from '../../shared/ids.ts';
import type { StateKey } from '../../shared/lane/state.ts';
import type { Local } from './address.ts';
import { encodePqPreKey, pqPreKeyKey, preKeyKey, signedPreKeyKey, type PqUse } from './prekey-cells.ts';
import { idAfter, MAX_ID, type Batch } from './prekey-list.ts';
import type { PublicPreKey, SignedPublicPreKey } from './prekeys.ts';

/** A new key: what is told of it, and the cell that holds its private half. */
export interface Made<T extends PublicPreKey> {
  readonly told: T;
  readonly cell: { readonly key: StateKey; readonly value: Uint8Array };
}

/** Whose keys they are: private halves lie with `local`, public ones are signed under `identity`. */
export interface Signer {
  readonly local: Local;
  readonly identity: PrivateKey;
}

/** Where ids begin: anywhere, so that they do not tell how old an account is. */
export const randomId = (): number => randomInt(1, MAX_ID + 1);

export function makePreKey({ local }: Signer, id: number): Made<PublicPreKey> {
  const pair = PrivateKey.generate();
  const record = PreKeyRecord.new(id, pair.getPublicKey(), pair);
  return {
    told: { id, key: pair.getPublicKey().serialize() },
    cell: { key: preKeyKey(local, id), value: record.serialize() },
  };
}

export function makeSignedPreKey(
  { local, identity }: Signer,
  id: number,
  now: Millis,
): Made<SignedPublicPreKey> {
  const pair = PrivateKey.generate();
  const key = pair.getPublicKey().serialize();
  const signature = identity.sign(key);
  const record = SignedPreKeyRecord.new(id, now, pair.getPublicKey(), pair, signature);
  return {
    told: { id, key, signature },
    cell: { key: signedPreKeyKey(local, id), value: record.serialize() },
  };
}

export function makePqPreKey(
  { local, identity }: Signer,
  use: PqUse,
  id: number,
  now: Millis,
): Made<SignedPublicPreKey> {
  const pair = KEMKeyPair.generate();
  const key = pair.getPublicKey().serialize();
  const signature = identity.sign(key);
  const record = KyberPreKeyRecord.new(id, now, pair, signature);
  return {
    told: { id, key, signature },
    cell: { key: pqPreKeyKey(local, id), value: encodePqPreKey(use, record.serialize()) },
  };
}

/** All keys of a batch. */
export function makeBatch<T extends PublicPreKey>(
  { first, count }: Batch,
  make: (id: number) => Made<T>,
): readonly Made<T>[] {
  return Array.from({ length: count }, (_, at) => make(idAfter(first, at)));
}
