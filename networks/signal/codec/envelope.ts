import { createHash } from 'node:crypto';
import type { ServiceId } from '../../../crypto/signal/address.ts';
import type { SignalEnvelope } from '../../../crypto/signal/engine.ts';
import type { EnvelopeKey } from '../../../shared/ids.ts';
import { EnvelopeSchema, type Envelope as Wire } from '../proto/signal_pb.ts';
import type { Delivery } from '../service/service.ts';
import { ENVELOPE, MAX_CONTENT } from './numbers.ts';
import { malformed, parse, serviceOf, timeOf } from './reading.ts';
import { isAci, pniFromBytes, serviceIdBytes, serviceIdFromText, uuidText } from './service-id.ts';

/** What a delivery says, beside its bytes and how it is acknowledged. */
export type DecodedEnvelope = Pick<Delivery, 'key' | 'envelope' | 'receipt' | 'malformed' | 'updatedPni'>;

const UUID_BYTES = 16;
const MAX_DEVICE = 127;

/**
 * Reads an envelope as the server hands it over. Never throws: what does not read is `malformed`, so that it can be settled and
 * acknowledged like everything else.
 */
export function decodeEnvelope(bytes: Uint8Array): DecodedEnvelope {
  try {
    const wire = parse(EnvelopeSchema, bytes, MAX_CONTENT);
    const key = keyOf(wire);
    if (wire.type === ENVELOPE.serverReceipt)
      return { key, envelope: null, receipt: receiptOf(wire), malformed: false };
    const updatedPni = updatedPniOf(wire);
    return {
      key,
      envelope: envelopeOf(wire),
      receipt: null,
      malformed: false,
      ...(updatedPni === null ? {} : { updatedPni }),
    };
  } catch {
    return { key: digestKey([bytes]), envelope: null, receipt: null, malformed: true };
  }
}

function envelopeOf(wire: Wire): SignalEnvelope {
  const type = typeOf(wire.type);
  if (wire.content === undefined || wire.content.length === 0) throw malformed('an envelope without content');
  return {
    type,
    source: type === 'sealed' ? null : sourceOf(wire),
    destination: serviceOf(wire.destinationBinary, wire.destination, 'destination of an envelope'),
    sentAt: timeOf(wire.sentAt, 'time of an envelope'),
    serverAt: timeOf(wire.serverAt, 'server time of an envelope'),
    content: wire.content,
  };
}

/** Null where there is none that reads: the message says whether it wants one. */
function updatedPniOf({ updatedPniBinary, updatedPni }: Wire): ServiceId | null {
  if (updatedPniBinary !== undefined && updatedPniBinary.length > 0) return pniFromBytes(updatedPniBinary);
  const service = updatedPni === undefined ? null : serviceIdFromText(updatedPni);
  if (service === null) return null;
  return isAci(service) ? pniFromBytes(serviceIdBytes(service)) : service;
}

function typeOf(type: number | undefined): SignalEnvelope['type'] {
  switch (type) {
    case ENVELOPE.doubleRatchet:
      return 'double-ratchet';
    case ENVELOPE.prekey:
      return 'prekey';
    case ENVELOPE.sealed:
      return 'sealed';
    case ENVELOPE.plaintext:
      return 'plaintext';
    default:
      throw malformed('type of an envelope');
  }
}

function sourceOf(wire: Wire): NonNullable<SignalEnvelope['source']> {
  const device = wire.sourceDevice ?? 0;
  if (device < 1 || device > MAX_DEVICE) throw malformed('device of an envelope');
  return { service: serviceOf(wire.sourceBinary, wire.source, 'source of an envelope'), device };
}

const receiptOf = (wire: Wire): NonNullable<Delivery['receipt']> => ({
  from: sourceOf(wire),
  sentAt: timeOf(wire.sentAt, 'time of a receipt'),
});

/** The server's own name of the delivery, else a digest of what makes it one. */
function keyOf(wire: Wire): EnvelopeKey {
  if (wire.guidBinary?.length === UUID_BYTES) return `guid:${uuidText(wire.guidBinary)}` as EnvelopeKey;
  if (wire.guid !== undefined && /^[0-9A-Fa-f-]{36}$/.test(wire.guid))
    return `guid:${wire.guid.toLowerCase()}` as EnvelopeKey;
  const head = [wire.type, wire.source, wire.sourceDevice, wire.sentAt, wire.destination].join('|');
  return digestKey([
    Buffer.from(head),
    wire.sourceBinary ?? new Uint8Array(0),
    wire.destinationBinary ?? new Uint8Array(0),
    wire.content ?? new Uint8Array(0),
  ]);
}

/** SHA-256 over the parts, each under its length. */
function digestKey(parts: readonly Uint8Array[]): EnvelopeKey {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return `sha256:${hash.digest('hex')}` as EnvelopeKey;
}
