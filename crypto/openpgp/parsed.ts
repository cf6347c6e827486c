import { createHash } from 'node:crypto';
import { readKeys, readPrivateKeys, type Key, type PrivateKey } from 'openpgp';

/** Parsed keys kept: about a large group's worth. Parsing and checking a certificate costs more than opening a short message. */
const ENTRIES = 256;

/** A bounded map of promises that forgets what was used longest ago. */
function recentlyUsed<T>(): {
  get(name: string, make: () => Promise<T>, keep: (made: T) => boolean): Promise<T>;
  clear(): void;
} {
  const entries = new Map<string, Promise<T>>();
  return {
    async get(name, make, keep) {
      const known = entries.get(name);
      if (known) {
        entries.delete(name);
        entries.set(name, known);
        return known;
      }
      const making = make();
      entries.set(name, making);
      for (const oldest of entries.keys()) {
        if (entries.size <= ENTRIES) break;
        entries.delete(oldest);
      }
      try {
        const made = await making;
        if (!keep(made)) entries.delete(name);
        return made;
      } catch (error) {
        entries.delete(name);
        throw error;
      }
    },
    clear: () => entries.clear(),
  };
}

const publicKeys = recentlyUsed<Key>();
const privateKeys = recentlyUsed<PrivateKey>();

/** Names bytes for a cache. */
export const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64');

/**
 * openpgp.js marks a signature it once found revoked for good, whatever date is asked about later. Keys with any revocation are parsed
 * afresh each time, so that no answer depends on an earlier question.
 */
function hasRevocation(key: Key): boolean {
  return (
    key.revocationSignatures.length > 0 ||
    key.users.some((user) => user.revocationSignatures.length > 0) ||
    key.subkeys.some((subkey) => subkey.revocationSignatures.length > 0)
  );
}

/** The one transferable public key in `bytes`, from the cache where it was parsed before. @throws Error when there is not exactly one. */
export function parsedPublic(bytes: Uint8Array): Promise<Key> {
  return publicKeys.get(
    digest(bytes),
    async () => {
      const keys = await readKeys({ binaryKeys: bytes });
      const [key] = keys;
      if (!key || keys.length !== 1 || key.isPrivate()) throw new Error('not one public key');
      return key;
    },
    (key) => !hasRevocation(key),
  );
}

/** The one unprotected transferable secret key in `bytes`. @throws Error when there is not exactly one. */
export function parsedPrivate(bytes: Uint8Array): Promise<PrivateKey> {
  return privateKeys.get(
    digest(bytes),
    async () => {
      const keys = await readPrivateKeys({ binaryKeys: bytes });
      const [key] = keys;
      if (!key || keys.length !== 1) throw new Error('not one secret key');
      return key;
    },
    (key) => !hasRevocation(key),
  );
}

/** Forgets every parsed key, secret ones among them: when an account is removed or locked. */
export function forgetParsedKeys(): void {
  publicKeys.clear();
  privateKeys.clear();
}
