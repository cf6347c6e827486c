import { createHash, sign, verify, type KeyObject } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** SHA-256 of a file, in hexadecimal. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** The text of a SHA256SUMS file, as `sha256sum --check` reads it; by name, so that the order of making shows nowhere. */
export async function checksums(files: readonly string[]): Promise<string> {
  const lines = await Promise.all(files.map(async (file) => `${await sha256Of(file)}  ${basename(file)}`));
  return `${lines.toSorted((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1)).join('\n')}\n`;
}

/** An Ed25519 signature over bytes, 64 raw bytes: what `openssl pkeyutl -verify -rawin` takes. @throws Error for another key. */
export function signBytes(bytes: Uint8Array, key: KeyObject): Buffer {
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('releases are signed with Ed25519 only');
  return sign(null, bytes, key);
}

/** Whether a signature of `signBytes` is of this key over these bytes. */
export const isSigned = (bytes: Uint8Array, signature: Uint8Array, key: KeyObject): boolean =>
  key.asymmetricKeyType === 'ed25519' && verify(null, bytes, key, signature);
