import { createHash, randomBytes } from 'node:crypto';
import type { Brand } from '../../../shared/ids.ts';
import { fromBase64, toBase64 } from '../base64.ts';
import { onlyTag, onlyValue, type Draft, type SignedEvent, type Tag } from '../event.ts';
import { isHex, toHex } from '../hex.ts';
import { ACCOUNT_PROOF_COMPONENT } from './account-proof.ts';
import { messageBody, wireFormatOf } from './mls-message.ts';
import { encodeVector } from './varint.ts';

/** An addressable event with which an account can be added to groups (Marmot, transports/nostr.md). */
export const KEY_PACKAGE_KIND = 30_443;

/** A place for one key package at relays: a newer one replaces the older. 32 random bytes, hex. */
export type Slot = Brand<string, 'KeyPackageSlot'>;
/** RefHash of a key package (RFC 9420 §5.2), hex. */
export type KeyPackageRef = Brand<string, 'KeyPackageRef'>;

/** What the event says of the key package in it, so that others can choose without opening it. */
export interface Offer {
  readonly suites: readonly number[];
  readonly extensions: readonly number[];
  readonly proposals: readonly number[];
  /** Marmot's own components only: private range. */
  readonly components: readonly number[];
}

/** A key package as it was found; the engine still has to look at every part of it. */
export interface FoundKeyPackage extends Offer {
  readonly slot: Slot;
  readonly ref: KeyPackageRef;
  /** The whole MLSMessage. */
  readonly message: Uint8Array;
}

/** The only suite Marmot knows: X25519, AES-128-GCM, SHA-256, Ed25519. */
export const SUITE = 0x0001;
const PROTOCOL_VERSION = '1.0';
const MAX_IDS = 64;
const MAX_KEY_PACKAGE_BYTES = 16 * 1024;
const REF_LABEL = 'MLS 1.0 KeyPackage Reference';

/** A new place. It is drawn once and kept: a replacement goes to the same place. */
export function freshSlot(): Slot {
  return randomBytes(32).toString('hex') as Slot;
}

/** The reference of a key package in an MLSMessage, under suite 1. */
export function keyPackageRef(message: Uint8Array): KeyPackageRef {
  const hash = createHash('sha256').update(encodeVector(Buffer.from(REF_LABEL)));
  return toHex(hash.update(encodeVector(messageBody(message))).digest()) as KeyPackageRef;
}

const idTag = (name: string, ids: readonly number[]): Tag => [
  name,
  ...ids.map((id) => `0x${id.toString(16).padStart(4, '0')}`),
];

/** The event that offers a key package, for the account to sign. `message`: an MLSMessage with wire format key_package. */
export function keyPackageDraft(
  message: Uint8Array,
  slot: Slot,
  offer: Omit<Offer, 'suites'>,
  created_at: number,
): Draft {
  const tags: readonly Tag[] = [
    ['d', slot],
    ['mls_protocol_version', PROTOCOL_VERSION],
    ['i', keyPackageRef(message)],
    idTag('mls_ciphersuite', [SUITE]),
    idTag('mls_extensions', offer.extensions),
    idTag('mls_proposals', offer.proposals),
    idTag('app_components', offer.components),
  ];
  return { created_at, kind: KEY_PACKAGE_KIND, tags, content: toBase64(message) };
}

/** The ids of a tag that must be there once: `0x` and four lower-case digits each, none twice. */
function readIds(tags: readonly Tag[], name: string): readonly number[] | null {
  const values = onlyTag(tags, name);
  if (values === null || values.length === 0 || values.length > MAX_IDS) return null;
  if (new Set(values).size !== values.length) return null;
  return values.every((value) => /^0x[0-9a-f]{4}$/.test(value)) ? values.map(Number) : null;
}

/**
 * Reads the offer of a verified event. Null when any tag is missing, doubled or malformed, when the content is no key
 * package, or when the reference is another's. Kinds of the old Marmot format (443) are refused with the rest.
 */
export function readKeyPackageEvent(event: SignedEvent): FoundKeyPackage | null {
  const { kind, tags, content } = event;
  if (kind !== KEY_PACKAGE_KIND || content.length > 2 * MAX_KEY_PACKAGE_BYTES) return null;
  const [slot, ref] = [onlyValue(tags, 'd'), onlyValue(tags, 'i')];
  if (!isHex(slot, 32) || !isHex(ref, 32)) return null;
  if (onlyValue(tags, 'mls_protocol_version') !== PROTOCOL_VERSION) return null;
  const suites = readIds(tags, 'mls_ciphersuite');
  const extensions = readIds(tags, 'mls_extensions');
  const proposals = readIds(tags, 'mls_proposals');
  const components = readIds(tags, 'app_components');
  if (suites === null || extensions === null || proposals === null || components === null) return null;
  if (!suites.includes(SUITE) || !components.includes(ACCOUNT_PROOF_COMPONENT)) return null;
  const message = fromBase64(content);
  if (message === null || message.length > MAX_KEY_PACKAGE_BYTES) return null;
  if (wireFormatOf(message) !== 'key-package' || keyPackageRef(message) !== ref) return null;
  return {
    slot: slot as Slot,
    ref: ref as KeyPackageRef,
    suites,
    extensions,
    proposals,
    components,
    message,
  };
}
