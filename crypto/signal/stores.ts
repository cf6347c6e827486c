import {
  Direction,
  IdentityChange,
  KyberPreKeyRecord,
  PreKeyRecord,
  PublicKey,
  SignedPreKeyRecord,
  type IdentityKeyStore,
  type KyberPreKeyStore,
  type PreKeyStore,
  type SessionRecord,
  type SessionStore,
  type SignedPreKeyStore,
} from '@signalapp/libsignal-client';
import { PlainsealError } from '../../shared/errors.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import type { Device } from './address.ts';
import { identityKey, ownOf, sameBytes, type Own, type OwnIdentity } from './identity.ts';
import { decodePqPreKey, pqPreKeyKey, preKeyKey, signedPreKeyKey, usedKey } from './prekey-cells.ts';
import type { Session } from './session-cell.ts';
import { unshared } from './unshared.ts';

/** That a key was used: there is nothing more to say of it. */
const USED = Uint8Array.of(1);

/** Why a prekey is not to be had. */
export type Missing = 'no-prekey' | 'replayed-prekey';

/** What stopped libsignal in a store, since its own errors do not carry it through: a key that is not there, or a fault of ours. */
export type Stop =
  { readonly kind: 'missing'; readonly why: Missing } | { readonly kind: 'fault'; readonly error: unknown };

/**
 * libsignal's stores for one operation with one device, as an overlay over a unit of work. Identity and prekeys are written through;
 * the session is left in {@link Stores.saved}, for the operation to write once it knows what the message proved.
 */
export interface Stores
  extends SessionStore, IdentityKeyStore, PreKeyStore, SignedPreKeyStore, KyberPreKeyStore {
  readonly saved: SessionRecord | null;
  /** The identity the session is under, and the one known before where that was another. 33 bytes. */
  readonly identity: Uint8Array | null;
  readonly identityWas: Uint8Array | null;
  readonly stop: Stop | null;
  /** A prekey of mine was used: the message made the session. */
  readonly usedPreKey: boolean;
}

/**
 * @param options.session what is stored now.
 * @param options.sendsTo `known`: sealing is for the identity that is known, and no other. `any`: a session is being made, and whoever
 *   calls learns of a new identity before anything is sealed for it.
 */
export function createStores(options: {
  readonly own: Own;
  readonly me: OwnIdentity;
  readonly remote: Device;
  readonly work: Work;
  readonly session: Session | null;
  readonly sendsTo: 'known' | 'any';
}): Stores {
  const { own, me, remote, work, session, sendsTo } = options;
  const { local } = me;
  const identityCell = identityKey(local, remote.service);
  const mine = ownOf(own, remote.service);
  let saved: SessionRecord | null = null;
  let identity: Uint8Array | null = null;
  let identityWas: Uint8Array | null = null;
  let stop: Stop | null = null;
  let usedPreKey = false;

  function refuse(why: Missing): never {
    stop ??= { kind: 'missing', why };
    // Only ends the operation: what is told is `stop`.
    throw new Error(why);
  }

  /** Does what a store does, and remembers what went wrong with it. */
  async function kept<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      stop ??= { kind: 'fault', error };
      throw error;
    }
  }

  const read = (cell: StateKey): Promise<Uint8Array | null> => kept(() => work.get(cell));

  return {
    get saved() {
      return saved;
    },
    get identity() {
      return identity;
    },
    get identityWas() {
      return identityWas;
    },
    get stop() {
      return stop;
    },
    get usedPreKey() {
      return usedPreKey;
    },

    async getSession() {
      return saved ?? session?.record ?? null;
    },
    async saveSession(_address, record) {
      saved = record;
    },
    async getExistingSessions() {
      throw new PlainsealError('internal', 'sealing for many comes with groups');
    },

    async getIdentityKey() {
      return me.pair.privateKey;
    },
    async getIdentityKeyPair() {
      return me.pair;
    },
    async getLocalRegistrationId() {
      return me.registrationId;
    },
    async getIdentity() {
      const known = await read(identityCell);
      return known === null ? null : PublicKey.deserialize(unshared(known));
    },
    async saveIdentity(_address, key) {
      const now = key.serialize();
      const known = await read(identityCell);
      identity = now;
      if (known !== null && sameBytes(known, now)) return IdentityChange.NewOrUnchanged;
      // Somebody who first writes to my number may be known already: their other identity is looked at, and left alone.
      const before = known ?? (local === 'PNI' ? await read(identityKey('ACI', remote.service)) : null);
      identityWas = before !== null && sameBytes(before, now) ? null : before;
      work.put(identityCell, now);
      return known === null ? IdentityChange.NewOrUnchanged : IdentityChange.ReplacedExisting;
    },
    async isTrustedIdentity(_address, key, direction) {
      // Whoever speaks for my account under another key is not one of my devices.
      if (mine !== null) return sameBytes(mine.key, key.serialize());
      // What came in under another key is opened, told and held by core: the bytes are not lost, and nothing is sealed for it.
      if (direction === Direction.Receiving || sendsTo === 'any') return true;
      const known = await read(identityCell);
      return known !== null && sameBytes(known, key.serialize());
    },

    async savePreKey() {
      throw new PlainsealError('internal', 'prekeys are made in prekeys.ts');
    },
    async getPreKey(id) {
      const bytes = await read(preKeyKey(local, id));
      if (bytes === null) return refuse('no-prekey');
      return kept(async () => PreKeyRecord.deserialize(unshared(bytes)));
    },
    async removePreKey(id) {
      work.put(preKeyKey(local, id), null);
    },

    async saveSignedPreKey() {
      throw new PlainsealError('internal', 'prekeys are made in prekeys.ts');
    },
    async getSignedPreKey(id) {
      usedPreKey = true;
      const bytes = await read(signedPreKeyKey(local, id));
      if (bytes === null) return refuse('no-prekey');
      return kept(async () => SignedPreKeyRecord.deserialize(unshared(bytes)));
    },

    async saveKyberPreKey() {
      throw new PlainsealError('internal', 'prekeys are made in prekeys.ts');
    },
    async getKyberPreKey(id) {
      const bytes = await read(pqPreKeyKey(local, id));
      if (bytes === null) return refuse('no-prekey');
      return kept(async () => KyberPreKeyRecord.deserialize(unshared(decodePqPreKey(bytes).record)));
    },
    async markKyberPreKeyUsed(id, signedId, baseKey) {
      const bytes = await read(pqPreKeyKey(local, id));
      if (bytes === null || decodePqPreKey(bytes).use === 'one-time')
        return work.put(pqPreKeyKey(local, id), null);
      const use = usedKey(local, id, signedId, baseKey.serialize());
      if ((await read(use)) !== null) refuse('replayed-prekey');
      work.put(use, USED);
    },
  };
}
