import { PlainsealError } from '../../../shared/errors.ts';
import { readRumor, rumorOf, type Draft, type Rumor } from '../event.ts';
import { jsonMembers } from '../json-members.ts';
import type { PublicKey } from '../keys.ts';

/** What MLS application messages of Marmot hold: an unsigned Nostr event as JSON (foundation/application-messages.md). */

/** More is refused in both directions: with base64 and seal it would pass no relay. Bytes. */
export const MAX_APP_EVENT_BYTES = 40 * 1024;

/** The plain text of an MLS application message of mine. @throws PlainsealError `too-large`. */
export function encodeAppEvent(
  author: PublicKey,
  draft: Draft,
): { readonly event: Rumor; readonly bytes: Uint8Array } {
  const event = rumorOf(author, draft);
  const bytes = Buffer.from(JSON.stringify(event), 'utf8');
  if (bytes.length > MAX_APP_EVENT_BYTES)
    throw new PlainsealError('too-large', 'message too long for a group');
  return { event, bytes };
}

/** Why a plain text was not taken. `other-author`: it names somebody else than the member who sent it. */
export type AppEventFault = 'malformed' | 'other-author';

/**
 * Reads the plain text of an MLS application message. `sender`: the account of the leaf that MLS has authenticated.
 * Takes exactly the six members, none twice, whole numbers written plainly, and the right id; any kind of event.
 */
export function readAppEvent(
  bytes: Uint8Array,
  sender: PublicKey,
):
  | { readonly kind: 'event'; readonly event: Rumor }
  | { readonly kind: 'refused'; readonly why: AppEventFault } {
  const event = bytes.length > MAX_APP_EVENT_BYTES ? null : parse(bytes);
  if (event === null) return { kind: 'refused', why: 'malformed' };
  return event.pubkey === sender ? { kind: 'event', event } : { kind: 'refused', why: 'other-author' };
}

function parse(bytes: Uint8Array): Rumor | null {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
  const members = jsonMembers(text);
  if (members === null) return null;
  // `1e3` and `1000.0` are whole numbers to JavaScript and none to others.
  const plain = (name: string): boolean => /^(?:0|[1-9]\d*)$/.test(members.get(name) ?? '');
  return plain('created_at') && plain('kind') ? readRumor(JSON.parse(text)) : null;
}
