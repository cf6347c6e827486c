import type { Delivery } from './service.ts';

/** What came and was not taken yet, in the server's order. */
export interface DeliveryQueue extends AsyncIterable<Delivery> {
  push(delivery: Delivery): void;
  /** No more come; what is there is still given. */
  end(): void;
}

/**
 * A queue for one reader. libsignal has no way to be told "not now", so nothing bounds it here: the server stops by itself once
 * enough waits for its acknowledgement.
 */
export function createDeliveryQueue(): DeliveryQueue {
  const waiting: Delivery[] = [];
  let taken = 0;
  let ended = false;
  let wake: (() => void) | null = null;
  const tell = (): void => {
    wake?.();
    wake = null;
  };
  return {
    push(delivery) {
      if (ended) return;
      waiting.push(delivery);
      tell();
    },
    end() {
      ended = true;
      tell();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const next = waiting[taken];
        if (next) {
          taken += 1;
          // Not shifted one by one: that moves the whole of a long queue each time.
          if (taken >= 256) {
            waiting.splice(0, taken);
            taken = 0;
          }
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
