import type { Millis } from '../../shared/ids.ts';
import type { Receipt } from '../../shared/lane/intent.ts';
import type { Incoming } from './codec/content.ts';
import { peerOf } from './names.ts';
import { readPeer } from './peer-record.ts';
import { consumed, type Arrival, type Receiving } from './receiving.ts';
import { messageKeyOf } from './revision.ts';
import type { Delivery } from './service/service.ts';
import type { ServiceId } from '../../crypto/signal/address.ts';

/** Somebody says that messages of mine arrived, or that they read them. */
export async function takeReceipt(
  receiving: Receiving,
  arrival: Arrival,
  { as, of }: Extract<Incoming, { readonly kind: 'receipt' }>,
): Promise<void> {
  const { from, sentAt } = arrival.unsealed;
  consumed(receiving, arrival);
  await tell(receiving, from.service, as, of, sentAt);
}

/** The server says that it handed a message over. Only it knows whether that is so. */
export async function takeServerReceipt(
  receiving: Receiving,
  delivery: Pick<Delivery, 'key'>,
  { from, sentAt }: NonNullable<Delivery['receipt']>,
): Promise<void> {
  receiving.ledger.inbound.push({ kind: 'consumed', envelope: delivery.key });
  await tell(receiving, from.service, 'delivered', [sentAt], receiving.now);
}

async function tell(
  { work, own, ledger, now }: Receiving,
  by: ServiceId,
  kind: Receipt['kind'],
  of: readonly Millis[],
  toldAt: Millis,
): Promise<void> {
  // A stranger has nothing of mine; and nothing is kept waiting on their word.
  if (by === own.service || !(await readPeer(work, by))?.conversation) return;
  const at = Math.min(toldAt, now);
  for (const sentAt of new Set(of)) {
    const key = await messageKeyOf(work, { author: own.service, sentAt }, own.service);
    ledger.changes.push({ kind: 'receipt', receipt: { kind, of: key, by: peerOf(by), at } });
  }
}
