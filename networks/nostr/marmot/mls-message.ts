import type { GroupKey } from '../../../crypto/mls/cells.ts';
import { toHex } from '../hex.ts';
import { readVector } from './varint.ts';

/** The wire formats of an MLSMessage (RFC 9420 §6). */
export const wireFormats = [
  'public-message',
  'private-message',
  'welcome',
  'group-info',
  'key-package',
] as const;
export type WireFormat = (typeof wireFormats)[number];

const VERSION_MLS10 = 1;
const HEADER_BYTES = 4;

/** What an MLSMessage says it is: version and format stand in its first four bytes. Null when it is none of MLS 1.0. */
export function wireFormatOf(bytes: Uint8Array): WireFormat | null {
  if (bytes.length <= HEADER_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint16(0) !== VERSION_MLS10) return null;
  return wireFormats[view.getUint16(2) - 1] ?? null;
}

/** No group of any client has a longer id. */
const MAX_GROUP_ID_BYTES = 255;

/** The group that a public or private message says it is of (RFC 9420 §6.2, §6.3: both begin with it); null when it does not read. */
export function groupOfMessage(bytes: Uint8Array): GroupKey | null {
  const id = readVector(bytes, HEADER_BYTES, MAX_GROUP_ID_BYTES);
  return id === null ? null : (toHex(id.value) as GroupKey);
}

/** What stands behind the header of an MLSMessage. */
export function messageBody(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(HEADER_BYTES);
}
