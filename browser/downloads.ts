import { createReadStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { PlainsealError } from '../shared/errors.ts';
import type { GrantId } from '../shared/ids.ts';
import { pageHeaders } from '../shared/shell/policy.ts';
import { refuse } from './answer.ts';
import { newSecret } from './session.ts';

export const DOWNLOAD_PATH = '/download/';
/** How long a finished file waits to be fetched, in ms. */
const WAIT_MS = 60_000;

/**
 * Saving a file without a dialog: core writes it into the run folder of a test profile, the browser fetches it once from an
 * address nobody guesses and keeps it where it keeps downloads; then it is deleted.
 */
export interface Downloads {
  /** A grant to write a file that will be called `name`. */
  begin(name: string): Promise<GrantId>;
  /** @throws PlainsealError `not-found` for no open grant. */
  path(grant: GrantId): string;
  /** The file is whole; `/download/…`, once. Null for no open grant. */
  finish(grant: GrantId): string | null;
  serve(secret: string, response: ServerResponse): Promise<void>;
  /** Deletes what nobody fetched. */
  close(): Promise<void>;
}

/** Keeps the files on their way out in `folder`, which its owner alone may enter. */
export function createDownloads(folder: string): Downloads {
  const writing = new Map<GrantId, { readonly path: string; readonly name: string }>();
  const ready = new Map<string, { readonly path: string; readonly name: string }>();

  return {
    async begin(name) {
      const grant = newSecret() as GrantId;
      const path = join(folder, `save-${newSecret().slice(0, 16)}`);
      const handle = await open(path, 'wx', 0o600);
      await handle.close();
      writing.set(grant, { path, name });
      return grant;
    },
    path(grant) {
      const file = writing.get(grant);
      if (!file) throw new PlainsealError('not-found', 'no such grant');
      return file.path;
    },
    finish(grant) {
      const file = writing.get(grant);
      if (!file) return null;
      writing.delete(grant);
      const secret = newSecret();
      ready.set(secret, file);
      setTimeout(() => {
        if (ready.delete(secret)) void rm(file.path, { force: true });
      }, WAIT_MS).unref();
      return DOWNLOAD_PATH + secret;
    },
    async serve(secret, response) {
      const file = ready.get(secret);
      if (!file) return refuse(response, 404);
      ready.delete(secret);
      try {
        const { size } = await stat(file.path);
        response.writeHead(200, {
          ...pageHeaders,
          'content-type': 'application/octet-stream',
          'content-security-policy': "default-src 'none'; sandbox",
          'content-length': size,
          // RFC 6266 with RFC 8187: the name is data of whoever sent the file, so no character of it stands unescaped.
          'content-disposition': `attachment; filename*=UTF-8''${encodeName(file.name)}`,
        });
        await pipeline(createReadStream(file.path), response);
      } finally {
        await rm(file.path, { force: true });
      }
    },
    async close() {
      const all = [...writing.values(), ...ready.values()];
      writing.clear();
      ready.clear();
      await Promise.all(all.map(({ path }) => rm(path, { force: true })));
    },
  };
}

/** Percent-encodes a file name for `filename*`; lone surrogates, which have no encoding, become U+FFFD. */
export function encodeName(name: string): string {
  return encodeURIComponent(name.toWellFormed()).replaceAll(
    /['()*]/g,
    (character) => `%${character.codePointAt(0)?.toString(16).toUpperCase()}`,
  );
}
