import type { ServiceId } from '../../../crypto/signal/address.ts';

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;
const PNI_PREFIX = 'PNI:';
const PNI_TYPE = 0x01;
const UUID_BYTES = 16;

/** 16 bytes as a UUID in text. */
export function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** A service id from its binary form: 16 bytes (ACI), or a 0x01 and 16 bytes (PNI). Null for anything else. */
export function serviceIdFromBytes(bytes: Uint8Array): ServiceId | null {
  if (bytes.length === UUID_BYTES) return uuidText(bytes) as ServiceId;
  if (bytes.length === UUID_BYTES + 1 && bytes[0] === PNI_TYPE)
    return `${PNI_PREFIX}${uuidText(bytes.subarray(1))}` as ServiceId;
  return null;
}

/** A service id from its text form, in any case. Null for anything else. */
export function serviceIdFromText(text: string): ServiceId | null {
  const isPni = text.slice(0, PNI_PREFIX.length).toUpperCase() === PNI_PREFIX;
  const uuid = (isPni ? text.slice(PNI_PREFIX.length) : text).toLowerCase();
  if (!UUID.test(uuid)) return null;
  return (isPni ? `${PNI_PREFIX}${uuid}` : uuid) as ServiceId;
}

/** The PNI that these 16 bytes name; null for another length. */
export function pniFromBytes(bytes: Uint8Array): ServiceId | null {
  return bytes.length === UUID_BYTES ? (`${PNI_PREFIX}${uuidText(bytes)}` as ServiceId) : null;
}

/** The binary form of a service id. */
export function serviceIdBytes(service: ServiceId): Uint8Array<ArrayBuffer> {
  const isPni = service.startsWith(PNI_PREFIX);
  const uuid = Buffer.from((isPni ? service.slice(PNI_PREFIX.length) : service).replaceAll('-', ''), 'hex');
  return Uint8Array.from(isPni ? [PNI_TYPE, ...uuid] : uuid);
}

/** Whether it names an account, not a phone number's identity. */
export function isAci(service: ServiceId): boolean {
  return !service.startsWith(PNI_PREFIX);
}
