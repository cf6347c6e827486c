import { randomBytes } from 'node:crypto';
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import type { Millis } from '../../../shared/ids.ts';
import { PlainsealError } from '../../../shared/errors.ts';
import { fromBase64, toBase64 } from '../base64.ts';
import { seconds, signEvent, type Rumor, type SignedEvent, type Tag } from '../event.ts';
import { isHex } from '../hex.ts';
import { forget } from '../keys.ts';
import { takeOneTimeKey } from '../one-time-key.ts';
import type { NostrGroupId } from './routing.ts';

/** A message to a group, signed by a key that is used for nothing else. */
export const GROUP_EVENT_KIND = 445;

/** `MLS-Exporter("marmot", "group-event", 32)` of one epoch; for a commit, of the epoch before it. */
export type GroupEventKey = Uint8Array;

/** Label, context and length of the exporter call that gives a {@link GroupEventKey}. */
export const GROUP_EVENT_EXPORTER = { label: 'marmot', context: 'group-event', bytes: 32 } as const;

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A group event whose shape is right. Nothing in it is trusted before it opens. */
export interface FoundGroupEvent {
  readonly group: NostrGroupId;
  /** Epoch seconds at which relays may delete it; they decide nothing else. */
  readonly expiration: number | null;
  /** Nonce and ciphertext. */
  readonly sealed: Uint8Array;
}

/**
 * Seals an MLSMessage for a group's relays under a fresh signing key and a fresh nonce.
 * `expiration` (epoch seconds): application messages only; a commit must stay to be fetched.
 */
export function sealGroupEvent(
  key: GroupEventKey,
  group: NostrGroupId,
  message: Uint8Array,
  now: Millis,
  expiration: number | null = null,
): SignedEvent {
  if (key.length !== GROUP_EVENT_EXPORTER.bytes)
    throw new PlainsealError('bad-request', 'a group event key has 32 bytes');
  const nonce = randomBytes(NONCE_BYTES);
  const ciphertext = chacha20poly1305(key, nonce).encrypt(message);
  const tags: Tag[] = [['h', group]];
  if (expiration !== null) tags.push(['expiration', String(expiration)]);
  const { secret, key: author } = takeOneTimeKey();
  try {
    const content = toBase64(Buffer.concat([nonce, ciphertext]));
    return signEvent({ created_at: seconds(now), kind: GROUP_EVENT_KIND, tags, content }, secret, author);
  } finally {
    forget(secret);
  }
}

/** Reads a group event whose id is right; null when it has any other tag, a malformed one, or content that can be no ciphertext. */
export function readGroupEvent({ kind, tags, content }: Rumor): FoundGroupEvent | null {
  if (kind !== GROUP_EVENT_KIND) return null;
  let group: NostrGroupId | null = null;
  let expiration: number | null = null;
  for (const tag of tags) {
    const [name, value] = tag;
    if (tag.length !== 2) return null;
    if (name === 'h' && group === null && isHex(value, 32)) group = value as NostrGroupId;
    else if (name === 'expiration' && expiration === null && /^(?:0|[1-9]\d{0,14})$/.test(value ?? ''))
      expiration = Number(value);
    else return null;
  }
  const sealed = fromBase64(content);
  if (group === null || sealed === null || sealed.length < NONCE_BYTES + TAG_BYTES) return null;
  return { group, expiration, sealed };
}

/** The MLSMessage in a group event, opened with the first of these keys that fits, and which it was; null when none does. */
export function openGroupEvent(
  { sealed }: Pick<FoundGroupEvent, 'sealed'>,
  keys: readonly GroupEventKey[],
): { readonly message: Uint8Array; readonly key: number } | null {
  const [nonce, ciphertext] = [sealed.subarray(0, NONCE_BYTES), sealed.subarray(NONCE_BYTES)];
  for (const [index, key] of keys.entries()) {
    try {
      return { message: chacha20poly1305(key, nonce).decrypt(ciphertext), key: index };
    } catch {
      // Another epoch's key may fit: the event does not say which.
    }
  }
  return null;
}
