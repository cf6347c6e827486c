import { createHash } from 'node:crypto';
import type { Brand } from '../../shared/ids.ts';
import { fromHex, isHex, toHex } from './hex.ts';
import { publicKeyOf, type PublicKey, type SecretKey } from './keys.ts';
import { sign, verify } from './schnorr.ts';

export type EventId = Brand<string, 'NostrEventId'>;
export type Tag = readonly string[];

/** What an event says, before anybody has signed it. `created_at` is in seconds, as on the wire (NIP-01). */
export interface Draft {
  readonly created_at: number;
  readonly kind: number;
  readonly tags: readonly Tag[];
  readonly content: string;
}

/** An event without a signature: inside gift wraps and MLS messages, where something else proves the author. */
export interface Rumor extends Draft {
  readonly id: EventId;
  readonly pubkey: PublicKey;
}

/** An event as relays take it. A value of this type was signed here or has been verified ({@link readSignedEvent}). */
export interface SignedEvent extends Rumor {
  readonly sig: string;
}

/** The largest event this program reads, in characters of JSON: well over what relays take, and what a welcome may need. */
export const MAX_EVENT_CHARACTERS = 512 * 1024;
const MAX_TAGS = 2_000;
const MAX_TAG_VALUES = 1_000;
const MAX_KIND = 65_535;
/** Seconds that JavaScript, Rust and people can all hold: the year 9999. */
const MAX_CREATED_AT = 253_402_300_799;

const RUMOR_MEMBERS = ['content', 'created_at', 'id', 'kind', 'pubkey', 'tags'].join();
const SIGNED_MEMBERS = ['content', 'created_at', 'id', 'kind', 'pubkey', 'sig', 'tags'].join();

/** The id of an event: SHA-256 over `[0, pubkey, created_at, kind, tags, content]` as JSON without spaces (NIP-01). */
export function eventId(pubkey: PublicKey, draft: Draft): EventId {
  const { created_at, kind, tags, content } = draft;
  const serialized = JSON.stringify([0, pubkey, created_at, kind, tags, content]);
  return createHash('sha256').update(serialized, 'utf8').digest('hex') as EventId;
}

/** An unsigned event of this author. */
export function rumorOf(pubkey: PublicKey, { created_at, kind, tags, content }: Draft): Rumor {
  const draft = { created_at, kind, tags, content };
  return { id: eventId(pubkey, draft), pubkey, ...draft };
}

/** Signs an event (BIP-340 with fresh randomness). `key`: the secret's public half. */
export function signEvent(draft: Draft, secret: SecretKey, key = publicKeyOf(secret)): SignedEvent {
  const rumor = rumorOf(key, draft);
  return { ...rumor, sig: toHex(sign(fromHex(rumor.id), secret)) };
}

/** True when the signature is the author's and over the id. The id must have been compared before. */
function signatureHolds(id: string, pubkey: string, sig: string): boolean {
  return verify(fromHex(sig), fromHex(id), fromHex(pubkey));
}

/** Text that has a form in UTF-8: without it one event would have two ids. */
const isText = (value: unknown): value is string => typeof value === 'string' && value.isWellFormed();

const isCount = (value: unknown, most: number): value is number =>
  typeof value === 'number' &&
  Number.isInteger(value) &&
  !Object.is(value, -0) &&
  value >= 0 &&
  value <= most;

function isTags(value: unknown): value is readonly Tag[] {
  return (
    Array.isArray(value) &&
    value.length <= MAX_TAGS &&
    value.every((tag: unknown) => Array.isArray(tag) && tag.length <= MAX_TAG_VALUES && tag.every(isText))
  );
}

function isMembers(value: unknown, members: string): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).toSorted().join() === members
  );
}

function readMembers(value: unknown, members: string): Rumor | null {
  if (!isMembers(value, members)) return null;
  const { id, pubkey, created_at, kind, tags, content } = value;
  if (!isHex(id, 32) || !isHex(pubkey, 32)) return null;
  if (!isCount(created_at, MAX_CREATED_AT) || !isCount(kind, MAX_KIND)) return null;
  if (!isTags(tags) || !isText(content)) return null;
  const author = pubkey as PublicKey;
  const rumor = { id: id as EventId, pubkey: author, created_at, kind, tags, content };
  return eventId(author, rumor) === id ? rumor : null;
}

/** An unsigned event from parsed JSON: exactly its six members, and an id that is right. Null for anything else. */
export function readRumor(value: unknown): Rumor | null {
  return readMembers(value, RUMOR_MEMBERS);
}

/** An event from parsed JSON: exactly its seven members, an id that is right, a signature that holds. Null for anything else. */
export function readSignedEvent(value: unknown): SignedEvent | null {
  const event = readOwnEvent(value);
  return event !== null && signatureHolds(event.id, event.pubkey, event.sig) ? event : null;
}

/** An event of mine that I have stored: its shape and id are looked at again, its signature was made here. */
export function readOwnEvent(value: unknown): SignedEvent | null {
  const rumor = readMembers(value, SIGNED_MEMBERS);
  const sig = rumor && (value as { readonly sig: unknown }).sig;
  return rumor !== null && isHex(sig, 64) ? { ...rumor, sig } : null;
}

/**
 * An event from parsed JSON whose signature is by a key that anybody may have made up: exactly its seven members, and an id that is right. What its
 * signature would say it does not claim, so it is left out (docs/decisions/0037). Null for anything else.
 */
export function readAnonymousEvent(value: unknown): Rumor | null {
  const event = readOwnEvent(value);
  if (event === null) return null;
  const { sig: _unproven, ...rumor } = event;
  return rumor;
}

/** Whether an event's author is proven by its signature. */
export const isSigned = (event: Rumor): event is SignedEvent => 'sig' in event;

/** The values of the only tag of this name; null when there is none or more than one. */
export function onlyTag(tags: readonly Tag[], name: string): readonly string[] | null {
  const [tag, ...more] = tags.filter(([first]) => first === name);
  return tag === undefined || more.length > 0 ? null : tag.slice(1);
}

/** The only value of the only tag of this name; null for anything else. */
export function onlyValue(tags: readonly Tag[], name: string): string | null {
  const values = onlyTag(tags, name);
  return values?.length === 1 ? (values[0] ?? null) : null;
}

/** Epoch seconds of epoch milliseconds. */
export function seconds(millis: number): number {
  return Math.floor(millis / 1000);
}
