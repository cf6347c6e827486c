import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { RelayUrl } from '../relay-url.ts';
import { barOf, tlsOf, type Reach } from './socket.ts';

/** What a relay says of itself (NIP-11), as far as this program goes by it. Nothing in it is trusted beyond what it refuses. */
export interface RelayInformation {
  /** Longer frames are refused, in bytes; null: it does not say. */
  readonly maxMessageBytes: number | null;
  readonly authRequired: boolean;
  readonly paymentRequired: boolean;
}

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 64 * 1024;
/** A limit below this would let nothing through; it is taken for a mistake. */
const SMALLEST_LIMIT_BYTES = 1_024;

/** Reads the document; null when it is no JSON object. */
export function readInformation(text: string): RelayInformation | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const { limitation } = value as { readonly limitation?: unknown };
  const limits = (typeof limitation === 'object' && limitation !== null ? limitation : {}) as Readonly<
    Record<string, unknown>
  >;
  const { max_message_length: most } = limits;
  const said = typeof most === 'number' && Number.isSafeInteger(most) && most >= SMALLEST_LIMIT_BYTES;
  return {
    maxMessageBytes: said ? most : null,
    authRequired: limits['auth_required'] === true,
    paymentRequired: limits['payment_required'] === true,
  };
}

/** Asks a relay for its document, over the same TLS as its socket. Null when it has none or cannot be reached in time. */
export function fetchInformation(relay: RelayUrl, reach: Reach): Promise<RelayInformation | null> {
  if (barOf(relay, reach) !== null) return Promise.resolve(null);
  const url = new URL(relay);
  const secure = url.protocol === 'wss:';
  url.protocol = secure ? 'https:' : 'http:';
  const options = { headers: { accept: 'application/nostr+json' }, signal: AbortSignal.timeout(TIMEOUT_MS) };
  return new Promise((resolve) => {
    const none = (): void => resolve(null);
    const answer = (response: IncomingMessage): void => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_BYTES) response.destroy();
        else chunks.push(chunk);
      });
      response.on('error', none);
      response.on('close', none);
      // No redirect is followed: the document is the relay's own.
      response.on('end', () =>
        resolve(response.statusCode === 200 ? readInformation(Buffer.concat(chunks).toString('utf8')) : null),
      );
    };
    const request = secure
      ? httpsRequest(url, { ...options, ...tlsOf(relay, reach), agent: false }, answer)
      : httpRequest(url, { ...options, agent: false }, answer);
    request.on('error', none);
    request.end();
  });
}
