import { fromBase64, toBase64 } from '../base64.ts';
import { onlyValue, type Draft, type EventId, type Rumor } from '../event.ts';
import { isHex } from '../hex.ts';
import { readRelaysTag } from '../relay-list.ts';
import type { RelayUrl } from '../relay-url.ts';
import { wireFormatOf } from './mls-message.ts';

/** The unsigned event that invites into a group; it travels in a gift wrap only. */
export const WELCOME_KIND = 444;

/** An invitation as it was unwrapped. What it claims is proven only by the engine. */
export interface FoundWelcome {
  /** The event whose key package is said to have been used: a claim. */
  readonly keyPackageEvent: EventId;
  /** Where the group's messages are said to be. Nothing is fetched from there before the person accepts. */
  readonly relays: readonly RelayUrl[];
  /** The whole MLSMessage. */
  readonly message: Uint8Array;
}

/** The invitation to one account. `message`: an MLSMessage with wire format welcome. */
export function welcomeDraft({ keyPackageEvent, relays, message }: FoundWelcome, created_at: number): Draft {
  const tags = [
    ['e', keyPackageEvent],
    ['relays', ...relays],
  ];
  return { created_at, kind: WELCOME_KIND, tags, content: toBase64(message) };
}

/** Reads an invitation; null when a tag is missing, doubled or malformed, or the content is no MLS welcome. */
export function readWelcome({ kind, tags, content }: Rumor): FoundWelcome | null {
  if (kind !== WELCOME_KIND) return null;
  const keyPackageEvent = onlyValue(tags, 'e');
  const relays = readRelaysTag(tags, 'relays');
  const message = fromBase64(content);
  if (!isHex(keyPackageEvent, 32) || relays === null || message === null) return null;
  if (wireFormatOf(message) !== 'welcome') return null;
  return { keyPackageEvent: keyPackageEvent as EventId, relays, message };
}
