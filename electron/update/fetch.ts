import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import type { UpdateFile } from './manifest.ts';

/** For tests: certificates to trust in place of the system's. */
export type Trust = { readonly authority?: string };

const MAX_REDIRECTS = 5;
const SILENCE_MS = 30_000;

/** Asks for an address over TLS. @throws Error for anything but a 200, for a step away from https, and when the other side is silent. */
function ask(address: URL, trust: Trust, redirects = 0): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    if (address.protocol !== 'https:') {
      reject(new Error('an update came from an address without TLS'));
      return;
    }
    const request = get(
      address,
      { ...(trust.authority === undefined ? {} : { ca: trust.authority }), timeout: SILENCE_MS },
      (response) => {
        const { statusCode, headers } = response;
        if (statusCode === 200) {
          resolve(response);
          return;
        }
        response.resume();
        const isElsewhere = statusCode !== undefined && [301, 302, 303, 307, 308].includes(statusCode);
        if (isElsewhere && headers.location && redirects < MAX_REDIRECTS)
          resolve(ask(new URL(headers.location, address), trust, redirects + 1));
        else reject(new Error(`the update's server answered ${statusCode}`));
      },
    );
    request.on('timeout', () => request.destroy(new Error('the update’s server is silent')));
    request.on('error', reject);
  });
}

/** Fetches a few bytes. @throws Error when there are more than `most`. */
export async function fetchBytes(address: URL, most: number, trust: Trust = {}): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of await ask(address, trust)) {
    const bytes = part as Buffer;
    size += bytes.length;
    if (size > most) throw new Error('the update’s server sends too much');
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

/**
 * Fetches a file into `path`, a new file that only this person can read. It is not whole, and not to be used, before this
 * returns.
 * @throws Error when a byte more comes than was signed, one less, or another.
 */
export async function fetchFile(
  address: URL,
  { size, sha256 }: UpdateFile,
  path: string,
  trust: Trust = {},
): Promise<void> {
  const response = await ask(address, trust);
  const file = await open(path, 'wx', 0o600);
  try {
    const hash = createHash('sha256');
    let written = 0;
    for await (const part of response) {
      const bytes = part as Buffer;
      written += bytes.length;
      if (written > size) throw new Error('the update is larger than was signed');
      hash.update(bytes);
      await file.write(bytes);
    }
    if (written !== size || hash.digest('hex') !== sha256)
      throw new Error('the update is not what was signed');
    await file.sync();
  } finally {
    await file.close();
  }
}
