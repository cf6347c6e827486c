import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { WebSocket } from 'ws';
import { isPassed, type Identity, type Passed } from '../guard.ts';
import { MAX_EVENT_CHARACTERS } from '../event.ts';
import { relayBar, relayHost, type RelayBar, type RelayUrl } from '../relay-url.ts';

/** Why a relay could not be used. */
export type RelayFault =
  | 'unreachable'
  | 'certificate'
  | 'no-relay' // something answers that is none
  | 'busy' // it says: later
  | 'silent' // no sign of life
  | 'protocol' // it sends too much, or what no relay sends
  | 'proxy' // this version cannot go through the proxy that is set
  | RelayBar;

/** How relays are reached. */
export interface Reach {
  readonly environment: 'live' | 'test';
  /** An authority (PEM) to trust in place of the system's, in test environments only. */
  readonly ca: string | null;
  readonly proxy: string | null;
}

/** One open connection. It ends once, with a fault, or null when it was closed from here. */
export interface RelaySocket {
  /** @throws Error for a frame the guard has not passed, or passed for another relay or identity. */
  send(frame: Passed): void;
  /** Stops reading until `resume`: what is not worked off must not pile up. */
  pause(): void;
  resume(): void;
  close(): void;
  readonly ended: Promise<RelayFault | null>;
}

const HANDSHAKE_MS = 20_000;
/** A connection that says nothing this long is asked for a sign of life. */
const QUIET_MS = 30_000;
/** And given up this long after. */
const ANSWER_MS = 15_000;
/** One event, with room for what frames it. */
const MAX_FRAME_BYTES = MAX_EVENT_CHARACTERS + 1024;

const certificateCodes =
  /^(?:CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_|ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)/;

function faultOf(error: Error): RelayFault {
  const { code } = error as Error & { readonly code?: string };
  if (code !== undefined && certificateCodes.test(code)) return 'certificate';
  if (/certificate/i.test(error.message)) return 'certificate';
  if (code?.startsWith('WS_ERR')) return 'protocol';
  const status = Number(/Unexpected server response: (\d{3})/.exec(error.message)?.[1]);
  if (status === 429 || status === 503) return 'busy';
  if (status) return 'no-relay';
  return code?.startsWith('ERR_SSL') || code === 'EPROTO' ? 'no-relay' : 'unreachable';
}

/** What stands against connecting at all; null when nothing does. */
export function barOf(relay: RelayUrl, reach: Reach): RelayFault | null {
  const bar = relayBar(relay, reach.environment);
  if (bar !== null) return bar;
  if (reach.proxy !== null) return 'proxy';
  return null;
}

/** TLS 1.2 at least, certificate and host name checked; nothing in the environment can switch that off. */
export function tlsOf(relay: RelayUrl, reach: Reach): ConnectionOptions {
  const host = relayHost(relay);
  return {
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    ...(reach.ca === null || reach.environment === 'live' ? {} : { ca: reach.ca }),
    ...(isIP(host.replace(/^\[|\]$/g, '')) ? {} : { servername: host }),
  };
}

/**
 * Opens a connection: TLS 1.2 at least, certificate and host name checked, no redirects, no compression, bounded frames.
 * Gives the fault when it does not open. `onText` is called for every text frame, in order.
 */
export async function openSocket(
  relay: RelayUrl,
  identity: Identity,
  reach: Reach,
  onText: (text: string) => void,
  signal: AbortSignal,
  handshakeMs = HANDSHAKE_MS,
): Promise<RelaySocket | RelayFault> {
  const bar = barOf(relay, reach);
  if (bar !== null) return bar;
  if (signal.aborted) return 'unreachable';
  const socket = new WebSocket(relay, {
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
    followRedirects: false,
    ...tlsOf(relay, reach),
  });
  const abort = (): void => socket.terminate();
  signal.addEventListener('abort', abort, { once: true });

  let fault: RelayFault | null = null;
  let closing = false;
  let quiet: NodeJS.Timeout | undefined;
  const ended = Promise.withResolvers<RelayFault | null>();
  const opened = new Promise<boolean>((resolve) => {
    socket.on('open', () => resolve(true));
    socket.on('close', () => {
      resolve(false);
      signal.removeEventListener('abort', abort);
      clearTimeout(quiet);
      ended.resolve(closing || signal.aborted ? null : (fault ?? 'unreachable'));
    });
  });
  socket.on('error', (error) => {
    fault ??= faultOf(error);
  });

  const end = (why: RelayFault): void => {
    fault ??= why;
    socket.terminate();
  };
  const alive = (): void => {
    clearTimeout(quiet);
    quiet = setTimeout(() => {
      if (socket.readyState === WebSocket.OPEN) socket.ping();
      quiet = setTimeout(() => end('silent'), ANSWER_MS);
    }, QUIET_MS);
  };
  socket.on('pong', alive);
  socket.on('message', (data, binary) => {
    alive();
    if (binary) end('protocol');
    else onText(Buffer.from(data as Buffer).toString('utf8'));
  });

  // The whole of it: a relay that sends a byte at a time is never silent.
  const late = setTimeout(() => end('silent'), handshakeMs);
  const isOpen = await opened;
  clearTimeout(late);
  if (!isOpen) return fault ?? 'unreachable';
  alive();
  return {
    send(frame) {
      if (!isPassed(frame)) throw new Error('a frame that the guard has not passed');
      if (frame.relay !== null && frame.relay !== relay) throw new Error('a frame for another relay');
      if (frame.identity !== null && frame.identity !== identity)
        throw new Error('a frame for another identity');
      if (socket.readyState === WebSocket.OPEN) socket.send(frame.text);
    },
    pause: () => {
      if (socket.readyState === WebSocket.OPEN) socket.pause();
      // Nothing is heard while nothing is read.
      clearTimeout(quiet);
    },
    resume: () => {
      if (socket.readyState === WebSocket.OPEN) socket.resume();
      alive();
    },
    close() {
      closing = true;
      socket.close();
      // A relay that does not answer the close is not waited for.
      setTimeout(() => socket.terminate(), 1_000).unref();
    },
    ended: ended.promise,
  };
}
