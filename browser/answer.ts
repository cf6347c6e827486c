import type { IncomingMessage, ServerResponse } from 'node:http';
import { pageHeaders } from '../shared/shell/policy.ts';

/** Answers a request whole, under a policy and the headers every answer carries. */
export function answer(
  response: ServerResponse,
  status: number,
  content: { readonly type: string; readonly policy: string; readonly body: string | Uint8Array },
): void {
  response.writeHead(status, {
    ...pageHeaders,
    'content-type': content.type,
    'content-security-policy': content.policy,
  });
  response.end(content.body);
}

/** Answers with a status and no content. */
export function refuse(response: ServerResponse, status: number): void {
  answer(response, status, { type: 'text/plain; charset=utf-8', policy: "default-src 'none'", body: '' });
}

/** Longest form a shell reads, in bytes; a pasted key is the largest thing in one. */
export const MAX_FORM_BYTES = 256 * 1024;

/** The fields of a posted form; null for anything else or longer. */
export async function readForm(request: IncomingMessage): Promise<URLSearchParams | null> {
  if (request.headers['content-type']?.split(';')[0] !== 'application/x-www-form-urlencoded') return null;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > MAX_FORM_BYTES) return null;
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}
