import type { Delivery } from './service.ts';

/** Bytes that may wait; more than a server leaves unacknowledged (it stops at some hundred deliveries). */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** Taken entries are cut off so many at a time: one by one would move the whole of a long queue each time. */
const CUT = 256;

/** What came and was not taken yet, in the server's order. */
export interface DeliveryQueue extends AsyncIterable<Delivery> {
  /** False when that is more than may wait: nothing is kept of it. */
  push(delivery: Delivery): boolean;
  /** Resolves once the reader has taken all that came so far. */
  taken(): Promise<void>;
  /** No more come; what is there is still given. */
  end(): void;
}

/** A queue for one reader. libsignal cannot be told "not now", so it is bounded: whoever floods it loses the connection. */
export function createDeliveryQueue(maxBytes: number = MAX_WAITING_BYTES): DeliveryQueue {
  const waiting: Delivery[] = [];
  const watchers: { readonly until: number; resolve(): void }[] = [];
  let cut = 0;
  let bytes = 0;
  let pushed = 0;
  let given = 0;
  let ended = false;
  let wake: (() => void) | null = null;
  const tell = (): void => {
    wake?.();
    wake = null;
  };
  const look = (): void => {
    while (watchers[0] && watchers[0].until <= given) watchers.shift()?.resolve();
  };
  return {
    push(delivery) {
      if (ended) return true;
      if (bytes + delivery.raw.length > maxBytes) return false;
      bytes += delivery.raw.length;
      pushed += 1;
      waiting.push(delivery);
      tell();
      return true;
    },
    taken() {
      return new Promise((resolve) => {
        watchers.push({ until: pushed, resolve });
        look();
      });
    },
    end() {
      ended = true;
      tell();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const next = waiting[cut];
        if (next) {
          cut += 1;
          if (cut >= CUT) {
            waiting.splice(0, cut);
            cut = 0;
          }
          bytes -= next.raw.length;
          given += 1;
          look();
          yield next;
        } else if (ended) return;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    },
  };
}
