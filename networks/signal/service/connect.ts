import type { LibSignalError, Net } from '@signalapp/libsignal-client';
import type { AuthenticatedChatConnection } from '@signalapp/libsignal-client/dist/net/Chat.js';
import type { Device } from '../../../crypto/signal/address.ts';
import { decodeEnvelope } from '../codec/envelope.ts';
import type { Endpoints } from '../environment.ts';
import { createAnonymous } from './anonymous.ts';
import { createService } from './calls.ts';
import { createDeliveryQueue } from './deliveries.ts';
import { keepAlive } from './keep-alive.ts';
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
  readonly net: Pick<Net.Net, 'connectAuthenticatedChat' | 'connectUnauthenticatedChat'>;
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
  const anonymous = createAnonymous(net, signal);
  let account: AuthenticatedChatConnection | null = null;
  let timer: ReturnType<typeof setInterval> | undefined;
  let over = false;

  function finish(why: Disconnected): void {
    over = true;
    clearInterval(timer);
    deliveries.end();
    ended.resolve(why);
    anonymous.close();
  }

  function close(): void {
    finish({ kind: 'offline' });
    account?.disconnect().catch(() => undefined);
  }

  async function keepBothAlive(): Promise<void> {
    if (account && !(await keepAlive(account, 'account'))) return close();
    await anonymous.keepAlive();
  }

  try {
    account = await net.connectAuthenticatedChat(
      `${device.service}.${device.device}`,
      password,
      false,
      {
        onIncomingMessage(envelope, _serverAt, ack) {
          const raw = Uint8Array.from(envelope);
          const held = deliveries.push({
            ...decodeEnvelope(raw),
            raw,
            acknowledge: () => acknowledge(ack),
          });
          // What was not acknowledged comes again on the next connection.
          if (!held) close();
        },
        onQueueEmpty: () => void deliveries.taken().then(queueEmpty.resolve),
        onConnectionInterrupted: (cause: LibSignalError | null) => finish(disconnectedBy(cause)),
      },
      { abortSignal: signal },
    );
  } catch (error) {
    anonymous.close();
    return { kind: 'failed', why: disconnectedBy(error) };
  }
  // It may have ended before it was handed over: then `ended` says so.
  if (over) account.disconnect().catch(() => undefined);
  else timer = setInterval(() => void keepBothAlive().catch(close), of.keepAliveMs ?? KEEPALIVE_MS);
  return {
    kind: 'connected',
    connection: {
      deliveries,
      queueEmpty: queueEmpty.promise,
      ended: ended.promise,
      service: createService({
        account,
        anonymous: () => anonymous.get(),
        endpoints: of.endpoints,
        ended: () => over,
      }),
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
