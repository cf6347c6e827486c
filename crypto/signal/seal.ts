import { CiphertextMessageType, signalEncrypt } from '@signalapp/libsignal-client';
import { PlainsealError } from '../../shared/errors.ts';
import type { Millis } from '../../shared/ids.ts';
import type { Work } from '../../shared/lane/state.ts';
import { addressOf, type Device } from './address.ts';
import type { Sealed } from './engine.ts';
import { detailsOf, sessionFacts } from './facts.ts';
import { hexOf, type Own } from './identity.ts';
import { pad } from './padding.ts';
import { innerOf, ratchetKeyOf, shownBy } from './ratchet-message.ts';
import { readSession, writeSession } from './session-cell.ts';
import { createStores } from './stores.ts';

/** libsignal gives a message's type as a plain number. */
const PREKEY: number = CiphertextMessageType.PreKey;

/**
 * Pads a `Content` and seals it for one device, as my account. Only under the identity known of the device's service id.
 * @throws PlainsealError `not-found` without a session that can seal for it.
 */
export async function seal(
  own: Own,
  content: Uint8Array,
  to: Device,
  work: Work,
  now: Millis,
): Promise<Sealed> {
  const me = own.aci;
  const session = await readSession(work, me.local, to);
  if (session === null) throw new PlainsealError('not-found', 'no session to seal in');
  const stores = createStores({ own, me, remote: to, work, session, sendsTo: 'known' });
  const message = await signalEncrypt(
    pad(content),
    addressOf(to),
    addressOf({ service: me.service, device: own.device }),
    stores,
    stores,
    new Date(now),
  ).catch((cause: unknown) => {
    if (stores.stop?.kind === 'fault') throw stores.stop.error;
    throw new PlainsealError('not-found', 'the session does not seal', { cause });
  });
  const bytes = message.serialize();
  const type = message.type() === PREKEY ? 'prekey' : 'double-ratchet';
  const inner = type === 'prekey' ? innerOf(bytes) : bytes;
  const { saved, identity } = stores;
  if (saved === null || identity === null || inner === null)
    throw new PlainsealError('internal', 'libsignal sealed without a session');
  const { proven, step } = shownBy(inner);
  const kept = { ...session, record: saved, proven, ownRatchet: ratchetKeyOf(inner) };
  writeSession(work, me.local, to, kept);
  const peerKey = hexOf(identity);
  return {
    type,
    registrationId: session.registrationId,
    bytes,
    identity: peerKey,
    facts: sessionFacts(kept, now),
    details: detailsOf({ proven, step, ownKey: hexOf(me.key), peerKey, sealed: null }),
  };
}
