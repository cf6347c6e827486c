import { request } from 'node:https';
import { PlainsealError } from '../../../shared/errors.ts';
import type { Endpoints } from '../environment.ts';
import { guard } from '../guard.ts';

const TIMEOUT_MS = 60_000;

export type Fetched =
  { readonly kind: 'bytes'; readonly bytes: Uint8Array } | { readonly kind: 'gone' | 'offline' };

/** A file's address on its content network; null for a network or a name that is none of Signal's. */
export function fileUrl(
  endpoints: Endpoints,
  { cdn, id }: { readonly cdn: number; readonly id: string },
): string | null {
  const base = endpoints.cdn[cdn];
  // Names are chosen by the other side: nothing that could lead elsewhere.
  if (base === undefined || !/^[A-Za-z0-9_-]{1,200}$/.test(id)) return null;
  return `${base}/attachments/${id}`;
}

/** Fetches a file, at most `maxBytes` of it, over TLS with Signal's own authority only. */
export function download(endpoints: Endpoints, url: string, maxBytes: number): Promise<Fetched> {
  const verdict = guard({ kind: 'download', url });
  if (verdict !== 'pass') throw new PlainsealError('refused', `guard: ${verdict.stop}`);
  return new Promise((resolve) => {
    const asked = request(url, { ca: endpoints.authority, timeout: TIMEOUT_MS }, (answer) => {
      if (answer.statusCode === 404 || answer.statusCode === 403 || answer.statusCode === 410) {
        asked.destroy();
        return resolve({ kind: 'gone' });
      }
      if (answer.statusCode !== 200) {
        asked.destroy();
        return resolve({ kind: 'offline' });
      }
      const parts: Uint8Array[] = [];
      let size = 0;
      answer.on('data', (part: Uint8Array) => {
        size += part.length;
        if (size > maxBytes) {
          asked.destroy();
          resolve({ kind: 'gone' });
        } else parts.push(part);
      });
      answer.on('end', () => resolve({ kind: 'bytes', bytes: Uint8Array.from(Buffer.concat(parts)) }));
      answer.on('error', () => resolve({ kind: 'offline' }));
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve({ kind: 'offline' }));
    asked.end();
  });
}

/** Where the server says a file may be put. */
export type UploadForm = {
  readonly cdn: number;
  readonly key: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly signedUploadUrl: URL;
};

/**
 * Puts sealed bytes to the content network (TUS, creation with upload). True once it has them all.
 * @throws PlainsealError `refused` for bytes that are no sealed file.
 */
export function upload(endpoints: Endpoints, form: UploadForm, bytes: Uint8Array): Promise<boolean> {
  const verdict = guard({ kind: 'upload', bytes });
  if (verdict !== 'pass') throw new PlainsealError('refused', `guard: ${verdict.stop}`);
  // Signed by the server, but only ever for its own content networks.
  const isOurs = Object.values(endpoints.cdn).some(
    (base) => new URL(base).origin === form.signedUploadUrl.origin,
  );
  if (!isOurs || form.cdn !== 3) return Promise.resolve(false);
  return new Promise((resolve) => {
    const asked = request(
      form.signedUploadUrl,
      {
        method: 'POST',
        ca: endpoints.authority,
        timeout: TIMEOUT_MS,
        headers: {
          ...Object.fromEntries(form.headers),
          'tus-resumable': '1.0.0',
          'upload-length': String(bytes.length),
          'content-type': 'application/offset+octet-stream',
          'content-length': String(bytes.length),
          'upload-metadata': `filename ${Buffer.from(form.key).toString('base64')}`,
        },
      },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode === 201 || answer.statusCode === 200);
      },
    );
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(false));
    asked.end(bytes);
  });
}
