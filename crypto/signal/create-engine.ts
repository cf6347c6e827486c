import type { OwnIdentities, SignalEngine } from './engine.ts';
import { safetyNumber } from './fingerprint.ts';
import { hexOf, identityKey, readOwn, valueOf } from './identity.ts';
import { open } from './open.ts';
import { upkeep } from './upkeep.ts';
import { isMadeElsewhere, repeatedKeysDigest } from './repeated-keys.ts';
import { readRetryRequest } from './retry-request.ts';
import { seal } from './seal.ts';
import { unseal, wrap } from './sealed-sender.ts';
import { archive, canSeal, devicesOf, forecast, forget, isCurrentRatchet } from './sessions.ts';
import { startSession } from './start-session.ts';

/**
 * The engine of one account.
 * @throws Error from libsignal when one of the own keys or trust roots is no key.
 */
export function createSignalEngine(identities: OwnIdentities): SignalEngine {
  const own = readOwn(identities);
  return {
    unseal: (envelope) => unseal(own, envelope),
    open: (unsealed, work, now) => open(own, unsealed, work, now),
    canSeal,
    devices: devicesOf,
    startSession: (bundle, key, service, work, now) => startSession(own, bundle, key, service, work, now),
    seal: (content, to, work, now) => seal(own, content, to, work, now),
    wrap: (sealed, to, certificate, hint, work) => wrap(own, sealed, to, certificate, hint, work),
    archive,
    forget,
    retryRequest: readRetryRequest,
    isCurrentRatchet,
    async identityOf(service, view) {
      const known = valueOf(await view.get(identityKey('ACI', service)));
      return known === null ? null : hexOf(known);
    },
    forecast,
    safetyNumber: (service, work) => safetyNumber(own, service, work),
    upkeep: (local, counts, work, now) => upkeep(own, local, counts, work, now),
    repeatedKeysDigest: (work) => repeatedKeysDigest(own, work),
    isMadeElsewhere: (key, bundle, work) => isMadeElsewhere(own, key, bundle, work),
  };
}
