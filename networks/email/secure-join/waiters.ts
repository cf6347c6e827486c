import type { ConversationId, Millis } from '../../../shared/ids.ts';
import type { Fingerprint } from '../../../crypto/openpgp/certificate.ts';

/** How an invitation ended well. */
export interface Joined {
  readonly conversation: ConversationId;
  readonly fingerprint: Fingerprint;
}

/** Flows that wait for an invitation. Nothing durable: the invitation itself lives in the lane's state. */
export interface JoinWaiters {
  /** Resolves with the outcome; null when `signal` aborts or `mostMs` have passed. One waiter for each invitation. */
  wait(auth: string, signal: AbortSignal, mostMs?: Millis): Promise<Joined | null>;
  forget(auth: string): void;
  settle(auth: string, conversation: ConversationId, fingerprint: Fingerprint): void;
  /** Ends every waiting: the lane stops. */
  close(): void;
}

export function createJoinWaiters(): JoinWaiters {
  const waiting = new Map<string, (joined: Joined | null) => void>();
  const end = (auth: string, joined: Joined | null): void => waiting.get(auth)?.(joined);
  return {
    wait(auth, signal, mostMs) {
      end(auth, null);
      return new Promise((resolve) => {
        const timer = mostMs === undefined ? null : setTimeout(() => end(auth, null), mostMs);
        const abort = (): void => end(auth, null);
        signal.addEventListener('abort', abort, { once: true });
        waiting.set(auth, (joined) => {
          waiting.delete(auth);
          if (timer !== null) clearTimeout(timer);
          signal.removeEventListener('abort', abort);
          resolve(joined);
        });
        if (signal.aborted) abort();
      });
    },
    forget: (auth) => end(auth, null),
    settle: (auth, conversation, fingerprint) => end(auth, { conversation, fingerprint }),
    close: () => [...waiting.keys()].forEach((auth) => end(auth, null)),
  };
}
