import { createHash } from 'node:crypto';
import { readKeys, readPrivateKeys, type Key, type PrivateKey } from 'openpgp';
import { recentlyUsed } from './recently-used.ts';

/** Parsed keys kept: about a large group's worth. Parsing and checking a certificate costs more than opening a short message. */
const ENTRIES = 256;

const publicKeys = recentlyUsed<Key>(ENTRIES);
const privateKeys = recentlyUsed<PrivateKey>(ENTRIES);

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
      const [key] = keys as [Key, ...Key[]];
      if (keys.length > 1 || key.isPrivate()) throw new Error('not one public key');
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
      const [key] = keys as [PrivateKey, ...PrivateKey[]];
      if (keys.length > 1) throw new Error('not one secret key');
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
