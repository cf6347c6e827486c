import type { ServiceId } from '../../crypto/signal/address.ts';
import type { Millis } from '../../shared/ids.ts';

/** Sessions replaced because the other side said it could not go on, per service id. */
export const MAX_RENEWALS = 5;
export const RENEWALS_WITHIN_MS = 60 * 60 * 1_000;
/** Service ids remembered. */
const MAX_REMEMBERED = 1_000;

/** Whether a session may be replaced once more. Anybody we ever wrote to can ask for it, and each time costs keys and requests. */
export interface Renewals {
  allow(service: ServiceId, now: Millis): boolean;
}

export function createRenewals(): Renewals {
  const past = new Map<ServiceId, readonly Millis[]>();
  return {
    allow(service, now) {
      const recent = (past.get(service) ?? []).filter((at) => at > now - RENEWALS_WITHIN_MS);
      if (recent.length >= MAX_RENEWALS) return false;
      past.delete(service);
      past.set(service, [...recent, now]);
      for (const oldest of past.keys()) {
        if (past.size <= MAX_REMEMBERED) break;
        past.delete(oldest);
      }
      return true;
    },
  };
}
