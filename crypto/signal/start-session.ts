import { KEMPublicKey, PreKeyBundle, PublicKey, processPreKeyBundle } from '@signalapp/libsignal-client';
import type { Millis } from '../../shared/ids.ts';
import type { Work } from '../../shared/lane/state.ts';
import { addressOf, isServiceId, type Device, type ServiceId } from './address.ts';
import type { DeviceBundle, Started } from './engine.ts';
import { hexOf, type Own } from './identity.ts';
import { isReduced } from './kyber-key.ts';
import { readSession, writeSession } from './session-cell.ts';
import { archiveOthers } from './sessions.ts';
import { createStores } from './stores.ts';
import { unshared } from './unshared.ts';

/**
 * Makes a session from a bundle (PQXDH), in place of one that is there: that one is put away, and still opens what is under way. The
 * identity may be another than the one known, which is told; whoever calls decides whether anything is sealed for it. Nothing is
 * written when the keys are refused.
 */
export async function startSession(
  own: Own,
  bundle: DeviceBundle,
  identityKey: Uint8Array,
  service: ServiceId,
  work: Work,
  now: Millis,
): Promise<Started> {
  const me = own.aci;
  const to: Device = { service, device: bundle.device };
  const keys = isServiceId(service) ? readBundle(bundle, identityKey) : null;
  if (keys === null) return { kind: 'refused', why: 'malformed' };
  const session = await readSession(work, me.local, to);
  const stores = createStores({ own, me, remote: to, work, session, sendsTo: 'any' });
  const point = work.savepoint();
  try {
    const from = addressOf({ service: me.service, device: own.device });
    await processPreKeyBundle(keys, addressOf(to), from, stores, stores, new Date(now));
  } catch {
    point.drop();
    if (stores.stop?.kind === 'fault') throw stores.stop.error;
    // What reads as keys, and is refused, is not vouched for by the identity; or it is a stranger's, under a service id of mine.
    return { kind: 'refused', why: 'bad-signature' };
  }
  const { saved, identity, identityWas } = stores;
  if (saved === null || identity === null) return { kind: 'refused', why: 'malformed' };
  const { registrationId } = bundle;
  // A bundle without a post-quantum key does not read, so the handshake was PQXDH; the ratchet is proven by its first message.
  writeSession(work, me.local, to, {
    record: saved,
    registrationId,
    proven: 'handshake',
    turnedAt: now,
    ownRatchet: null,
  });
  if (identityWas !== null) await archiveOthers(work, me.local, to);
  return {
    kind: 'started',
    identity: hexOf(identity),
    identityWas: identityWas === null ? null : hexOf(identityWas),
  };
}

/** libsignal's form of a bundle; null for keys that are none, and numbers that cannot be. */
function readBundle(bundle: DeviceBundle, identityKey: Uint8Array): PreKeyBundle | null {
  const { device, registrationId, signedPreKey, pqPreKey, preKey } = bundle;
  try {
    if (!isReduced(pqPreKey.key)) return null;
    return PreKeyBundle.new(
      registrationId,
      device,
      preKey?.id ?? null,
      preKey === null ? null : PublicKey.deserialize(unshared(preKey.key)),
      signedPreKey.id,
      PublicKey.deserialize(unshared(signedPreKey.key)),
      unshared(signedPreKey.signature),
      PublicKey.deserialize(unshared(identityKey)),
      pqPreKey.id,
      KEMPublicKey.deserialize(unshared(pqPreKey.key)),
      unshared(pqPreKey.signature),
    );
  } catch {
    return null;
  }
}
