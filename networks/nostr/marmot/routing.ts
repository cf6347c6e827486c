import type { Brand } from '../../../shared/ids.ts';
import { PlainsealError } from '../../../shared/errors.ts';
import { fromHex, toHex } from '../hex.ts';
import { readRelayUrl, type RelayUrl } from '../relay-url.ts';
import { encodeVector, readVector } from './varint.ts';

/** The name a group has at relays: 32 random bytes, hex. Nothing of it comes from a member or from MLS. */
export type NostrGroupId = Brand<string, 'NostrGroupId'>;

/** The app component `marmot.transport.nostr.routing.v1`. */
export const ROUTING_COMPONENT = 0x8004;

/** Where a group's messages go. */
export interface Routing {
  readonly group: NostrGroupId;
  readonly relays: readonly RelayUrl[];
}

const GROUP_ID_BYTES = 32;
const MAX_RELAYS = 16;
const MAX_URL_BYTES = 512;
const MAX_RELAYS_BYTES = MAX_RELAYS * (MAX_URL_BYTES + 2);

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** The component's bytes: group id, then the relays sorted by their bytes. @throws PlainsealError `bad-request` for none or too many relays. */
export function encodeRouting({ group, relays }: Routing): Uint8Array {
  const sorted = [...new Set(relays)].toSorted(byBytes);
  if (sorted.length === 0 || sorted.length > MAX_RELAYS)
    throw new PlainsealError('bad-request', 'a group has 1 to 16 relays');
  const entries = sorted.map((relay) => encodeVector(Buffer.from(relay, 'utf8')));
  return Buffer.concat([fromHex(group), encodeVector(Buffer.concat(entries))]);
}

/** Reads the component; null for anything but its one canonical form. */
export function readRouting(bytes: Uint8Array): Routing | null {
  if (bytes.length < GROUP_ID_BYTES) return null;
  const list = readVector(bytes, GROUP_ID_BYTES, MAX_RELAYS_BYTES);
  if (list === null || list.end !== bytes.length) return null;
  const relays: RelayUrl[] = [];
  for (let at = 0; at < list.value.length;) {
    const entry = readVector(list.value, at, MAX_URL_BYTES);
    const relay = entry && readRelayUrl(decodeUtf8(entry.value));
    if (entry === null || relay === null || relays.length === MAX_RELAYS) return null;
    const last = relays.at(-1);
    if (last !== undefined && byBytes(last, relay) >= 0) return null;
    relays.push(relay);
    at = entry.end;
  }
  if (relays.length === 0) return null;
  return { group: toHex(bytes.subarray(0, GROUP_ID_BYTES)) as NostrGroupId, relays };
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
