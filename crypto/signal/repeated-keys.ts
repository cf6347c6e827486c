import { KyberPreKeyRecord, SignedPreKeyRecord } from '@signalapp/libsignal-client';
import { createHash } from 'node:crypto';
import type { Work } from '../../shared/lane/state.ts';
import type { DeviceBundle } from './engine.ts';
import { sameBytes, type Own } from './identity.ts';
import { decodePqPreKey, pqPreKeyKey, signedPreKeyKey } from './prekey-cells.ts';
import { isAfter, readList } from './prekey-list.ts';
import type { SignedPublicPreKey } from './prekeys.ts';
import { unshared } from './unshared.ts';

/*
 * The keys of mine that are used more than once: identity, signed key, last-resort key. The server has those of the newest program that
 * went on with this device, so they tell a state put back from the one that went on. Only of the account's own identity: those of its
 * number are replaced by the phone when the number changes.
 */

type Read = Pick<Work, 'get'>;
const ID_BYTES = 8;

const idBytes = (id: number): Uint8Array => {
  const bytes = Buffer.alloc(ID_BYTES);
  bytes.writeBigUInt64BE(BigInt(id));
  return bytes;
};

async function signedKeyOf(id: number, work: Read): Promise<Uint8Array | null> {
  const bytes = await work.get(signedPreKeyKey('ACI', id));
  return bytes && SignedPreKeyRecord.deserialize(unshared(bytes)).publicKey().serialize();
}

async function pqKeyOf(id: number, work: Read): Promise<Uint8Array | null> {
  const bytes = await work.get(pqPreKeyKey('ACI', id));
  if (bytes === null) return null;
  return KyberPreKeyRecord.deserialize(unshared(decodePqPreKey(bytes).record))
    .publicKey()
    .serialize();
}

/**
 * What `POST /v2/keys/check` compares with what the server has: SHA-256 over the identity key, then of the newest signed and of the newest
 * last-resort key its id, eight bytes, and the key (Signal-Server, CheckKeysRequest). Null where one of them is missing here.
 * @throws PlainsealError `corrupt` when the list of keys does not read.
 */
export async function repeatedKeysDigest(own: Own, work: Read): Promise<Uint8Array | null> {
  const list = await readList(work, 'ACI');
  const [signed, lastResort] = [list?.signed.at(-1), list?.lastResort.at(-1)];
  if (signed === undefined || lastResort === undefined) return null;
  const [signedKey, pqKey] = [await signedKeyOf(signed.id, work), await pqKeyOf(lastResort.id, work)];
  if (signedKey === null || pqKey === null) return null;
  const hash = createHash('sha256').update(own.aci.key);
  hash.update(idBytes(signed.id)).update(signedKey);
  return hash.update(idBytes(lastResort.id)).update(pqKey).digest();
}

/**
 * Whether what the server hands out for this very device holds a key that this state has never made, though it is signed by my identity:
 * then another copy of it goes on elsewhere. A private half is kept, durably, before its public one goes up, so the one that goes on always
 * knows its own. One that was made here and is past is none: its id lies behind those made since.
 * @throws PlainsealError `corrupt` when the list of keys does not read.
 */
export async function isMadeElsewhere(
  own: Own,
  identityKey: Uint8Array,
  bundle: Pick<DeviceBundle, 'signedPreKey' | 'pqPreKey'>,
  work: Read,
): Promise<boolean> {
  const list = await readList(work, 'ACI');
  // Another identity: the account was set up anew, and this device is about to hear that it is none any more.
  if (list === null || !sameBytes(own.aci.key, identityKey)) return false;
  const isForeign = async (
    { id, key, signature }: SignedPublicPreKey,
    next: number,
    known: Uint8Array | null,
  ): Promise<boolean> => {
    if (!own.aci.pair.publicKey.verify(unshared(key), unshared(signature))) return false;
    return known === null ? isAfter(id, next) : !sameBytes(known, key);
  };
  const { signedPreKey, pqPreKey } = bundle;
  return (
    (await isForeign(signedPreKey, list.nextId, await signedKeyOf(signedPreKey.id, work))) ||
    (await isForeign(pqPreKey, list.nextPqId, await pqKeyOf(pqPreKey.id, work)))
  );
}
