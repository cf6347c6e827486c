import { assertNever } from '../../../shared/assert.ts';
import { ContentSchema, type Content as Wire } from '../proto/signal_pb.ts';
import type { Incoming } from './content.ts';
import { dataOf } from './data-message.ts';
import { GROUP_KEY_BYTES, MAX_CONTENT, MAX_NAMES, RECEIPT, TYPING } from './numbers.ts';
import { bytesOf, listOf, malformed, parse, timeOf } from './reading.ts';
import { syncOf } from './sync-message.ts';

export { decodeContacts } from './contacts.ts';
export { decodeEnvelope } from './envelope.ts';
export { decodeProvisionEnvelope, decodeProvisionMessage } from './provisioning.ts';

/**
 * Reads an opened `Content`, its padding taken off.
 * @throws PlainsealError `bad-request` for bytes that break Signal's shape; what is well formed and not known is `unsupported`.
 */
export function decodeContent(bytes: Uint8Array): Incoming {
  const wire = parse(ContentSchema, bytes, MAX_CONTENT);
  const { kind } = wire;
  switch (kind.case) {
    case 'data':
      return { kind: 'data', data: dataOf(kind.value) };
    case 'edit':
      if (kind.value.data === undefined) throw malformed('an edit without a message');
      return {
        kind: 'edit',
        targetSentAt: timeOf(kind.value.targetSentAt, 'target of an edit'),
        data: dataOf(kind.value.data),
      };
    case 'receipt':
      return receiptOf(kind.value);
    case 'typing':
      return {
        kind: 'typing',
        on: (kind.value.action ?? TYPING.started) === TYPING.started,
        group: bytesOf(kind.value.groupId, GROUP_KEY_BYTES, 'group of a typing notice'),
        at: timeOf(kind.value.at, 'time of a typing notice'),
      };
    case 'sync':
      return { kind: 'sync', sync: syncOf(kind.value) };
    case 'decryptionError':
      return { kind: 'decryption-error', bytes: kind.value };
    case 'null':
      return { kind: 'nothing', what: 'null-message' };
    case 'call':
      return { kind: 'nothing', what: 'call' };
    case 'story':
      return { kind: 'nothing', what: 'story' };
    case undefined:
      return withoutKind(wire);
    default:
      return assertNever(kind);
  }
}

/** A content of a kind that this version does not know, or one that only brings keys. */
function withoutKind(wire: Wire): Incoming {
  if ((wire.$unknown?.length ?? 0) > 0) return { kind: 'unsupported' };
  if (wire.senderKeyDistribution !== undefined) return { kind: 'nothing', what: 'sender-key' };
  if (wire.pniSignature !== undefined) return { kind: 'nothing', what: 'null-message' };
  throw malformed('a content without anything in it');
}

function receiptOf(wire: Extract<Wire['kind'], { readonly case: 'receipt' }>['value']): Incoming {
  const of = listOf(wire.sentAt, MAX_NAMES, 'receipts').map((sentAt) => timeOf(sentAt, 'time of a receipt'));
  switch (wire.type ?? RECEIPT.delivered) {
    case RECEIPT.delivered:
      return { kind: 'receipt', as: 'delivered', of };
    case RECEIPT.read:
      return { kind: 'receipt', as: 'read', of };
    case RECEIPT.viewed:
      return { kind: 'receipt', as: 'viewed', of };
    default:
      return { kind: 'unsupported' };
  }
}
