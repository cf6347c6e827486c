import type { IncomingMessage } from 'node:http';

/** Why a request is not served; null when it may be. */
export type Refusal = 'host' | 'origin' | null;

/**
 * Who may talk to a server on loopback: any page the person has open can send requests there, also under a name of its
 * own that it points at 127.0.0.1. So the `Host` must be ours on every request, and whatever changes something (a POST,
 * an upgrade) must come from our own page. `entry` alone may come from a local file, whose origin is `null`; it
 * carries a one-time token instead.
 */
export function refusal(
  request: Pick<IncomingMessage, 'headers' | 'method'>,
  own: { readonly port: number; readonly entry: boolean; readonly upgrade: boolean },
): Refusal {
  const host = `127.0.0.1:${own.port}`;
  if (request.headers.host !== host) return 'host';
  const changes = own.upgrade || (request.method !== 'GET' && request.method !== 'HEAD');
  if (!changes) return null;
  const { origin } = request.headers;
  if (origin === `http://${host}` || (own.entry && origin === 'null')) return null;
  return 'origin';
}
