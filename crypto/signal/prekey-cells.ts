import type { StateKey } from '../../shared/lane/state.ts';
import type { Local } from './address.ts';

/*
 * prekey/<local>         <id>   a one-time EC key: libsignal's record
 * signed-prekey/<local>  <id>   a signed EC key: libsignal's record
 * pq-prekey/<local>      <id>   a Kyber key: a byte for its use, then libsignal's record
 * pq-used/<local>        <Kyber id>.<signed id>.<base key>   a last-resort key was used with this base key
 */

/** Whether a Kyber key goes with its first use, or stands in when the others are used up. */
export type PqUse = 'one-time' | 'last-resort';
const useNames: readonly PqUse[] = ['one-time', 'last-resort'];

const preKeySpace = (local: Local): string => `prekey/${local}`;
export const preKeyKey = (local: Local, id: number): StateKey => ({
  space: preKeySpace(local),
  key: `${id}`,
});

const signedPreKeySpace = (local: Local): string => `signed-prekey/${local}`;
export const signedPreKeyKey = (local: Local, id: number): StateKey => ({
  space: signedPreKeySpace(local),
  key: `${id}`,
});

const pqPreKeySpace = (local: Local): string => `pq-prekey/${local}`;
export const pqPreKeyKey = (local: Local, id: number): StateKey => ({
  space: pqPreKeySpace(local),
  key: `${id}`,
});

/** Where it is noted that a last-resort key was used, for one of them or for all uses of one. */
export const usedSpace = (local: Local): string => `pq-used/${local}`;
export const usedPrefix = (id: number): string => `${id}.`;
export const usedKey = (local: Local, id: number, signedId: number, baseKey: Uint8Array): StateKey => ({
  space: usedSpace(local),
  key: `${usedPrefix(id)}${signedId}.${Buffer.from(baseKey).toString('base64url')}`,
});

/** Every space in which something of an identity's prekeys lies. */
export const preKeySpaces = (local: Local): readonly string[] => [
  preKeySpace(local),
  signedPreKeySpace(local),
  pqPreKeySpace(local),
  usedSpace(local),
];

export function encodePqPreKey(use: PqUse, record: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + record.length);
  bytes[0] = useNames.indexOf(use);
  bytes.set(record, 1);
  return bytes;
}

/** A Kyber key and its use. What has no known use counts as one-time, so that it goes with its first use. */
export function decodePqPreKey(bytes: Uint8Array): { readonly use: PqUse; readonly record: Uint8Array } {
  const use = bytes[0] === useNames.indexOf('last-resort') ? 'last-resort' : 'one-time';
  return { use, record: bytes.subarray(1) };
}
