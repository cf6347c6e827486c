import type { Arriving } from '../reception.ts';
import type { Delivery } from '../service/service.ts';

/** Deliveries one after the other, over a connection whose server had kept nothing, unless `queueEmpty` says otherwise. */
export function arrivingOf(
  deliveries: Iterable<Delivery>,
  queueEmpty: Promise<void> = Promise.resolve(),
): Arriving {
  const given = async function* (): AsyncGenerator<Delivery> {
    yield* deliveries;
  };
  return { deliveries: given(), queueEmpty, caughtUp: () => undefined };
}
