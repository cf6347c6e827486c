import { createRequire } from 'node:module';
import type * as Mock from '@signalapp/mock-server';
import type { Queue, Received } from './protocol.ts';

const { Proto, ServiceIdKind } = createRequire(import.meta.url)('@signalapp/mock-server') as typeof Mock;
type PrimaryDevice = InstanceType<typeof Mock.PrimaryDevice>;
type Device = InstanceType<typeof Mock.Device>;

/** ReceiptMessage.Type, in order. */
const RECEIPTS = ['delivered', 'read', 'viewed'] as const;

/** An entry of one of the mock's queues. */
type Entry = {
  readonly source: Device;
  readonly envelopeType?: string;
  readonly serviceIdKind?: unknown;
  readonly body?: string;
  readonly content?: unknown;
  readonly dataMessage?: { readonly timestamp?: bigint | null };
  readonly receiptMessage?: { readonly type?: number | null; readonly timestamp?: readonly bigint[] | null };
  readonly syncMessage?: unknown;
};

/** The next of a queue, once it is there. */
export function take(from: PrimaryDevice, queue: Queue): Promise<Entry> {
  switch (queue) {
    case 'message':
      return from.waitForMessage();
    case 'receipt':
      return from.waitForReceipt();
    case 'edit':
      return from.waitForEditMessage();
    case 'decryption-error':
      return from.waitForDecryptionError();
    case 'sync':
      return from.waitForSyncMessage();
    default:
      return queue satisfies never;
  }
}

/** An entry as it travels to the driver. */
export function toReceived(entry: Entry): Received {
  const content = entry.content ?? {
    content: { syncMessage: entry.syncMessage },
    senderKeyDistributionMessage: null,
    pniSignatureMessage: null,
  };
  return {
    from: { aci: entry.source.aci, device: entry.source.deviceId },
    envelope: (entry.envelopeType ?? 'CipherText') as Received['envelope'],
    to: entry.serviceIdKind === ServiceIdKind.PNI ? 'PNI' : 'ACI',
    body: entry.body ?? null,
    sentAt: entry.dataMessage?.timestamp == null ? null : Number(entry.dataMessage.timestamp),
    receipt: receiptOf(entry.receiptMessage),
    content: Uint8Array.from(Proto.Content.encode(content as never)),
  };
}

function receiptOf(receipt: Entry['receiptMessage']): Received['receipt'] {
  if (!receipt) return null;
  const as = RECEIPTS[receipt.type ?? 0];
  if (!as) throw new Error('no such kind of receipt');
  return { as, of: (receipt.timestamp ?? []).map(Number) };
}
