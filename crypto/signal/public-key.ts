import { PublicKey } from '@signalapp/libsignal-client';
import { unshared } from './unshared.ts';

/** Reads a public key of 33 bytes; null for what is none. */
export function publicKeyOf(bytes: Uint8Array): PublicKey | null {
  try {
    return PublicKey.deserialize(unshared(bytes));
  } catch {
    return null;
  }
}
