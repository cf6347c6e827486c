import type { LibSignalError, Net } from '@signalapp/libsignal-client';
import type {
  AuthenticatedChatConnection,
  UnauthenticatedChatConnection,
} from '@signalapp/libsignal-client/dist/net/Chat.js';
import type { Device } from '../../../crypto/signal/address.ts';
import { decodeEnvelope } from '../codec/envelope.ts';
import type { Endpoints } from '../environment.ts';
import { ask } from './ask.ts';
import { createService } from './calls.ts';
import { createDeliveryQueue } from './deliveries.ts';
import type { Disconnected, SignalConnection } from './service.ts';
import { disconnectedBy } from './trouble.ts';

/** Signal's servers close a connection that is silent for a minute; the mock does not answer libsignal's own pings at all. */
const KEEPALIVE_MS = 30_000;
const OK = 200;

export type Connected =
  | { readonly kind: 'connected'; readonly connection: SignalConnection }
  | { readonly kind: 'failed'; readonly why: Disconnected };

/** Connects an account's device. `keepAliveMs`: for tests. */
export async function connectSignal(of: {
  readonly net: Net.Net;
  readonly endpoints: Endpoints;
  readonly device: Device;
  readonly password: string;
  readonly signal: AbortSignal;
  readonly keepAliveMs?: number;
}): Promise<Connected> {
  const { net, device, password, signal } = of;
  const deliveries = createDeliveryQueue();
  const queueEmpty = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<Disconnected>();
  let timer: ReturnType<typeof setInterval> | undefined;
  let anonymous: Promise<UnauthenticatedChatConnection> | null = null;

  function finish(why: Disconnected): void {
    clearInterval(timer);
    deliveries.end();
    queueEmpty.resolve();
    ended.resolve(why);
    void anonymous?.then((one) => one.disconnect()).catch(() => undefined);
    anonymous = null;
  }

  let account: AuthenticatedChatConnection;
  try {
    account = await net.connectAuthenticatedChat(
      `${device.service}.${device.device}`,
      password,
      false,
      {
        onIncomingMessage(envelope, _serverAt, ack) {
          const raw = Uint8Array.from(envelope);
          const decoded = decodeEnvelope(raw);
          deliveries.push({ ...decoded, raw, acknowledge: () => acknowledge(ack) });
        },
        onQueueEmpty: () => queueEmpty.resolve(),
        onConnectionInterrupted: (cause: LibSignalError | null) => finish(disconnectedBy(cause)),
      },
      { abortSignal: signal },
    );
  } catch (error) {
    return { kind: 'failed', why: disconnectedBy(error) };
  }

  function connectAnonymous(): Promise<UnauthenticatedChatConnection> {
    // One at a time; the next that needs it after it went connects again.
    anonymous ??= net
      .connectUnauthenticatedChat(
        { onConnectionInterrupted: () => void (anonymous = null) },
        { abortSignal: signal },
      )
      .catch((error: unknown) => {
        anonymous = null;
        throw error;
      });
    return anonymous;
  }

  async function keepAlive(): Promise<void> {
    const request = { verb: 'GET', path: '/v1/keepalive' } as const;
    const kept = await ask(account, 'account', request).then(
      ({ status }) => status === OK,
      () => false,
    );
    if (!kept) {
      close();
      return;
    }
    const other = anonymous;
    if (other) await ask(await other, 'anonymous', request).catch(() => (anonymous = null));
  }

  function close(): void {
    finish({ kind: 'offline' });
    account.disconnect().catch(() => undefined);
  }

  timer = setInterval(() => void keepAlive().catch(() => close()), of.keepAliveMs ?? KEEPALIVE_MS);
  return {
    kind: 'connected',
    connection: {
      deliveries,
      queueEmpty: queueEmpty.promise,
      ended: ended.promise,
      service: createService({ account, anonymous: connectAnonymous, endpoints: of.endpoints }),
      close,
    },
  };
}

/** A connection that went takes no acknowledgement; then the server gives it again, and its twin is known. */
function acknowledge(ack: { send(status: number): void }): void {
  try {
    ack.send(OK);
  } catch {
    return;
  }
}
