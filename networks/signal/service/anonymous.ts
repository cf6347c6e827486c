import type { Net } from '@signalapp/libsignal-client';
import type { UnauthenticatedChatConnection } from '@signalapp/libsignal-client/dist/net/Chat.js';
import { PlainsealError } from '../../../shared/errors.ts';
import { keepAlive } from './keep-alive.ts';

/** The connection that does not say who I am: made when first needed, and again when it is needed after it went. */
export interface Anonymous {
  /** @throws what libsignal throws when it cannot be made; PlainsealError `offline` after `close`. */
  get(): Promise<UnauthenticatedChatConnection>;
  /** Keeps alive the one there is; makes none. */
  keepAlive(): Promise<void>;
  close(): void;
}

/** One at a time. */
export function createAnonymous(
  net: Pick<Net.Net, 'connectUnauthenticatedChat'>,
  signal: AbortSignal,
): Anonymous {
  let current: Promise<UnauthenticatedChatConnection> | null = null;
  let closed = false;

  const forget = (one: Promise<UnauthenticatedChatConnection>): void => {
    if (current === one) current = null;
  };
  const disconnect = (one: Promise<UnauthenticatedChatConnection>): void => {
    forget(one);
    void one.then((connection) => connection.disconnect()).catch(() => undefined);
  };

  return {
    get() {
      if (closed) return Promise.reject(new PlainsealError('offline', 'the connection has ended'));
      if (current) return current;
      const one: Promise<UnauthenticatedChatConnection> = net.connectUnauthenticatedChat(
        { onConnectionInterrupted: () => forget(one) },
        { abortSignal: signal },
      );
      one.catch(() => forget(one));
      current = one;
      return one;
    },
    async keepAlive() {
      const one = current;
      if (one && !(await keepAlive(await one, 'anonymous'))) disconnect(one);
    },
    close() {
      closed = true;
      if (current) disconnect(current);
    },
  };
}
