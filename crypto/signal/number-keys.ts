import {
  IdentityKeyPair,
  KyberPreKeyRecord,
  SignedPreKeyRecord,
  type PublicKey,
} from '@signalapp/libsignal-client';
import { PlainsealError } from '../../shared/errors.ts';
import type { Millis } from '../../shared/ids.ts';
import type { Work } from '../../shared/lane/state.ts';
import { sameBytes } from './identity.ts';
import { encodePqPreKey, pqPreKeyKey, preKeySpaces, signedPreKeyKey } from './prekey-cells.ts';
import { encodeList, idAfter, listKey, MAX_ID } from './prekey-list.ts';
import { sessionSpace } from './session-cell.ts';
import { unshared } from './unshared.ts';

/** What my phone makes for each of my devices when the account's number changes: libsignal's own forms, private halves in them. */
export interface NumberKeys {
  readonly identityKeyPair: Uint8Array;
  readonly signedPreKey: Uint8Array;
  readonly lastResortKyberPreKey: Uint8Array;
}

/** What belonged to the number's identity before. Other people's identity keys, as it saw them, are theirs and stay. */
const OF_THE_NUMBER = [sessionSpace('PNI'), ...preKeySpaces('PNI')];

/**
 * Puts the keys of a new number in the place of those of the one before, sessions and all; one-time keys are made with the next upkeep. Gives
 * the private identity key, serialized.
 * @throws PlainsealError `bad-request`, before anything is written, for keys that are none, are no pair or are not signed by it.
 */
export async function takeNumberKeys(handed: NumberKeys, work: Work, now: Millis): Promise<Uint8Array> {
  const { identity, signed, lastResort } = readKeys(handed);
  for (const space of OF_THE_NUMBER) for (const [key] of await work.scan(space, '')) work.put(key, null);
  const [signedCell, pqCell, list] = [
    signedPreKeyKey('PNI', signed.id()),
    pqPreKeyKey('PNI', lastResort.id()),
    listKey('PNI'),
  ];
  for (const cell of [signedCell, pqCell, list]) await work.get(cell);
  work.put(signedCell, signed.serialize());
  work.put(pqCell, encodePqPreKey('last-resort', lastResort.serialize()));
  work.put(
    list,
    encodeList({
      nextId: idAfter(signed.id(), 1),
      nextPqId: idAfter(lastResort.id(), 1),
      batches: [],
      pqBatches: [],
      signed: [{ id: signed.id(), madeAt: now }],
      lastResort: [{ id: lastResort.id(), madeAt: now }],
    }),
  );
  return identity.privateKey.serialize();
}

function readKeys(handed: NumberKeys): {
  readonly identity: IdentityKeyPair;
  readonly signed: SignedPreKeyRecord;
  readonly lastResort: KyberPreKeyRecord;
} {
  try {
    const identity = IdentityKeyPair.deserialize(unshared(handed.identityKeyPair));
    const signed = SignedPreKeyRecord.deserialize(unshared(handed.signedPreKey));
    const lastResort = KyberPreKeyRecord.deserialize(unshared(handed.lastResortKyberPreKey));
    const { publicKey, privateKey } = identity;
    if (!sameBytes(privateKey.getPublicKey().serialize(), publicKey.serialize())) throw new Error('no pair');
    const ownHalf = signed.privateKey().getPublicKey().serialize();
    if (!sameBytes(ownHalf, signed.publicKey().serialize())) throw new Error('no pair');
    for (const key of [signed, lastResort]) if (!isUsable(publicKey, key)) throw new Error('not signed');
    return { identity, signed, lastResort };
  } catch (cause) {
    throw new PlainsealError('bad-request', 'keys of a number that cannot be used', { cause });
  }
}

const isUsable = (identity: PublicKey, key: SignedPreKeyRecord | KyberPreKeyRecord): boolean =>
  key.id() >= 1 && key.id() <= MAX_ID && identity.verify(key.publicKey().serialize(), key.signature());
