import { request } from 'node:https';
import type { Endpoints } from '../environment.ts';
import { passGuard } from './ask.ts';

/** Silence after which a transfer is given up, and how long one may take at all. */
const SILENT_MS = 20_000;
const WHOLE_MS = 5 * 60_000;
/** The content network that files are put to (TUS). */
const UPLOADS = 3;

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

/**
 * Fetches a file, at most `maxBytes` of it, over TLS with Signal's own authority only. More than that is `gone`: the file that was
 * promised is not there.
 * @throws PlainsealError `refused` for what is no file of a content network.
 */
export async function download(
  { authority }: Pick<Endpoints, 'authority'>,
  url: string,
  maxBytes: number,
  wholeMs: number = WHOLE_MS,
): Promise<Fetched> {
  passGuard({ kind: 'download', url });
  return new Promise((resolve) => {
    const asked = request(url, { ca: authority, timeout: SILENT_MS }, (answer) => {
      const { statusCode = 0 } = answer;
      if (statusCode !== 200) return end({ kind: [403, 404, 410].includes(statusCode) ? 'gone' : 'offline' });
      const parts: Uint8Array[] = [];
      let size = 0;
      answer.on('data', (part: Uint8Array) => {
        size += part.length;
        if (size > maxBytes) end({ kind: 'gone' });
        else parts.push(part);
      });
      answer.on('end', () => end({ kind: 'bytes', bytes: Uint8Array.from(Buffer.concat(parts)) }));
      answer.on('error', () => end({ kind: 'offline' }));
    });
    const timer = setTimeout(() => end({ kind: 'offline' }), wholeMs);
    function end(fetched: Fetched): void {
      clearTimeout(timer);
      resolve(fetched);
      asked.destroy();
    }
    asked.on('timeout', () => end({ kind: 'offline' }));
    asked.on('error', () => end({ kind: 'offline' }));
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
 * Puts sealed bytes to the content network (TUS, creation with upload). True once it has them all. Of the address the server gives
 * only path and query count: no answer of it sends a file elsewhere.
 * @throws PlainsealError `refused` for bytes that are no sealed file.
 */
export async function upload(endpoints: Endpoints, form: UploadForm, bytes: Uint8Array): Promise<boolean> {
  const base = endpoints.cdn[UPLOADS];
  if (base === undefined || form.cdn !== UPLOADS) return false;
  const { pathname, search } = form.signedUploadUrl;
  const url = `${new URL(base).origin}${pathname}${search}`;
  passGuard({ kind: 'upload', url, bytes });
  return new Promise((resolve) => {
    const asked = request(
      url,
      {
        method: 'POST',
        ca: endpoints.authority,
        timeout: SILENT_MS,
        headers: {
          ...Object.fromEntries(form.headers),
          'tus-resumable': '1.0.0',
          'upload-length': String(bytes.length),
          'content-type': 'application/offset+octet-stream',
          'content-length': String(bytes.length),
          'upload-metadata': `filename ${Buffer.from(form.key).toString('base64')}`,
        },
      },
      ({ statusCode }) => end(statusCode === 201 || statusCode === 200),
    );
    const timer = setTimeout(() => end(false), WHOLE_MS);
    function end(stored: boolean): void {
      clearTimeout(timer);
      resolve(stored);
      asked.destroy();
    }
    asked.on('timeout', () => end(false));
    asked.on('error', () => end(false));
    asked.end(bytes);
  });
}
