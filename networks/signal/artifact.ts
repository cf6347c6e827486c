import type { Device } from '../../crypto/signal/address.ts';
import type { Sealed } from '../../crypto/signal/engine.ts';
import type { Stored } from '../../shared/lane/intent.ts';
import { serviceIdOf } from './names.ts';

/** What is stored for one device and resent: the inner ciphertext. The sealed-sender wrapper is made per attempt. */
export type Artifact = Pick<Sealed, 'type' | 'registrationId' | 'bytes'>;

/*
 * How it is stored: a byte for the form (1), a byte for the type, the registration id in four bytes (big-endian), the inner
 * ciphertext. Types have the numbers of Signal's envelopes.
 */
const FORM = 1;
const HEADER = 6;
const types = { 'double-ratchet': 1, prekey: 3, plaintext: 8 } as const satisfies Record<
  Sealed['type'],
  number
>;

export function encodeArtifact({ type, registrationId, bytes }: Artifact): Uint8Array {
  const stored = new Uint8Array(HEADER + bytes.length);
  stored.set([FORM, types[type]]);
  new DataView(stored.buffer).setUint32(2, registrationId);
  stored.set(bytes, HEADER);
  return stored;
}

/** Reads what {@link encodeArtifact} wrote; null for anything else. */
export function decodeArtifact(stored: Uint8Array): Artifact | null {
  if (stored.length <= HEADER || stored[0] !== FORM) return null;
  const type = typeNames.find((name) => types[name] === stored[1]);
  if (type === undefined) return null;
  const registrationId = new DataView(stored.buffer, stored.byteOffset).getUint32(2);
  return { type, registrationId, bytes: stored.slice(HEADER) };
}

const typeNames = Object.keys(types) as readonly Sealed['type'][];

/** Names a device as the destination of an artifact. */
export const destinationOf = ({ service, device }: Device): string => `${service}.${device}`;

/** The device a destination names; null for anything else. */
export function deviceOf(destination: string): Device | null {
  const [, name = '', digits] = /^(.+)\.([1-9]\d{0,2})$/.exec(destination) ?? [];
  const service = serviceIdOf(name);
  return service === null ? null : { service, device: Number(digits) };
}

/**
 * What is to be handed over of what is stored: not what was made for devices that are not there any more. After the server refused all
 * of it and the person tries again, all of it.
 */
export function toHandOver(stored: readonly Stored[]): readonly Stored[] {
  const live = stored.filter(({ outcome }) => outcome !== 'refused');
  return live.length === 0 ? stored : live;
}
