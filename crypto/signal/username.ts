import { usernames } from '@signalapp/libsignal-client';

/** Longer than any username: 32 letters, a dot, digits. */
const MAX_LETTERS = 64;

/** What the server is asked for instead of a username (`name.01`): its hash, 32 bytes. Null for what cannot be one. */
export function usernameHash(username: string): Uint8Array | null {
  if (username.length > MAX_LETTERS) return null;
  try {
    return usernames.hash(username);
  } catch {
    return null;
  }
}
