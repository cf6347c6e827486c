import type { ServiceId } from '../../crypto/signal/address.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import * as v from 'valibot';
import { list, shape } from '../../shared/shape.ts';
import { readCell, writeCell } from './cell.ts';

/*
 * reached/<service id>   the devices my last message went to; the server took it, so there were no others
 */

const schema = shape<readonly number[]>(list(v.number()));
const cellOf = (service: ServiceId): StateKey => ({ space: 'reached', key: service });

/** Null before anything was sent to them. */
export function readReached(work: Pick<Work, 'get'>, service: ServiceId): Promise<readonly number[] | null> {
  return readCell(work, cellOf(service), schema);
}

/** Notes what was reached, where it is not what was reached before. */
export async function noteReached(work: Work, service: ServiceId, devices: readonly number[]): Promise<void> {
  const now = devices.toSorted((a, b) => a - b);
  const before = await readReached(work, service);
  if (before === null || now.join() !== before.join()) writeCell(work, cellOf(service), now);
}
