import { Aci } from '@signalapp/libsignal-client';
import { ProfileKey } from '@signalapp/libsignal-client/zkgroup.js';
import { isAci, type ServiceId } from './address.ts';

const PROFILE_KEY_BYTES = 32;

/**
 * Under which name the server keeps the profile that a profile key opens: 64 hex digits, of the key and the account. Null for what is no
 * key of 32 bytes, or no account.
 */
export function profileVersionOf(profileKey: Uint8Array, service: ServiceId): string | null {
  if (profileKey.length !== PROFILE_KEY_BYTES || !isAci(service)) return null;
  const account = Aci.parseFromServiceIdString(service);
  return new ProfileKey(Uint8Array.from(profileKey)).getProfileKeyVersion(account).toString();
}
