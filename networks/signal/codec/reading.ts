import { fromBinary, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import type { ServiceId } from '../../../crypto/signal/address.ts';
import { PlainsealError } from '../../../shared/errors.ts';
import type { Millis } from '../../../shared/ids.ts';
import { isAci, serviceIdFromBytes, serviceIdFromText } from './service-id.ts';

/** What is thrown at anything that breaks Signal's shape. `what` names the place, never the value. */
export function malformed(what: string, cause?: unknown): PlainsealError {
  return new PlainsealError('bad-request', `signal: ${what}`, { cause });
}

/** Parses protobuf bytes, keeping unknown fields. @throws PlainsealError `bad-request`. */
export function parse<Desc extends DescMessage>(
  schema: Desc,
  bytes: Uint8Array,
  maxBytes: number,
): MessageShape<Desc> {
  if (bytes.length > maxBytes) throw malformed(`${schema.name} is too large`);
  try {
    return fromBinary(schema, bytes);
  } catch (error) {
    throw malformed(`${schema.name} does not parse`, error);
  }
}

/** A time or count of 64 bits as a number. @throws PlainsealError `bad-request` when it is missing, 0, or no safe integer. */
export function timeOf(value: bigint | undefined, what: string): Millis {
  if (value === undefined || value <= 0n || value > BigInt(Number.MAX_SAFE_INTEGER)) throw malformed(what);
  return Number(value);
}

/** A service id in its binary form or the older text. @throws PlainsealError `bad-request` when there is none that reads. */
export function serviceOf(binary: Uint8Array | undefined, text: string | undefined, what: string): ServiceId {
  const service = optionalServiceOf(binary, text, what);
  if (service === null) throw malformed(what);
  return service;
}

/** As {@link serviceOf}, or null where neither form is there. */
export function optionalServiceOf(
  binary: Uint8Array | undefined,
  text: string | undefined,
  what: string,
): ServiceId | null {
  if (isEmpty(binary) && isEmpty(text)) return null;
  const service = isEmpty(binary) ? serviceIdFromText(text ?? '') : serviceIdFromBytes(binary as Uint8Array);
  if (service === null) throw malformed(what);
  return service;
}

/** As {@link serviceOf}, and it must name an account. */
export function aciOf(binary: Uint8Array | undefined, text: string | undefined, what: string): ServiceId {
  const service = serviceOf(binary, text, what);
  if (!isAci(service)) throw malformed(what);
  return service;
}

const isEmpty = (value: { readonly length: number } | undefined): boolean =>
  value === undefined || value.length === 0;

/** Bytes of exactly one length, null where they are missing or empty. @throws PlainsealError `bad-request`. */
export function bytesOf(value: Uint8Array | undefined, length: number, what: string): Uint8Array | null {
  if (value === undefined || value.length === 0) return null;
  if (value.length !== length) throw malformed(what);
  return value;
}

/** As {@link bytesOf}, and they must be there. */
export function mustBytes(value: Uint8Array | undefined, length: number, what: string): Uint8Array {
  const bytes = bytesOf(value, length, what);
  if (bytes === null) throw malformed(what);
  return bytes;
}

/** Bytes of any length but none. @throws PlainsealError `bad-request`. */
export function someBytes(value: Uint8Array | undefined, what: string): Uint8Array {
  if (value === undefined || value.length === 0) throw malformed(what);
  return value;
}

/** A list within its bound. @throws PlainsealError `bad-request`. */
export function listOf<T>(items: readonly T[], most: number, what: string): readonly T[] {
  if (items.length > most) throw malformed(`${what}: too many`);
  return items;
}
