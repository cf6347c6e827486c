import { onlyTag, type Draft, type SignedEvent, type Tag } from './event.ts';
import { readRelayUrl, type RelayUrl } from './relay-url.ts';

/** NIP-65: where an account writes (its key packages are there) and where it reads. */
export const RELAY_LIST_KIND = 10_002;
/** NIP-17: where invitations to an account go. */
export const INBOX_LIST_KIND = 10_050;

/** More entries of one list are not looked at: each costs a connection. */
const MAX_RELAYS = 20;

/** Where an account can be found. */
export interface RelayList {
  readonly write: readonly RelayUrl[];
  readonly read: readonly RelayUrl[];
}

const distinct = (relays: readonly RelayUrl[]): readonly RelayUrl[] =>
  [...new Set(relays)].slice(0, MAX_RELAYS);

/** A list of relays for reading and writing alike, for me to sign. */
export function relayListDraft(relays: readonly RelayUrl[], created_at: number): Draft {
  const tags = distinct(relays).map((relay): Tag => ['r', relay]);
  return { created_at, kind: RELAY_LIST_KIND, tags, content: '' };
}

/** A list of inbox relays, for me to sign. */
export function inboxListDraft(relays: readonly RelayUrl[], created_at: number): Draft {
  const tags = distinct(relays).map((relay): Tag => ['relay', relay]);
  return { created_at, kind: INBOX_LIST_KIND, tags, content: '' };
}

/**
 * A list that stands already, with relays of mine beside what others wrote into it, their markers included; null when nothing is missing.
 * `relays`: all of them are written to, or are inboxes.
 */
export function extendedListDraft(
  standing: SignedEvent,
  relays: readonly RelayUrl[],
  created_at: number,
): Draft | null {
  const { kind, tags } = standing;
  const there = kind === RELAY_LIST_KIND ? readRelayList(standing)?.write : readInboxList(standing);
  const name = kind === RELAY_LIST_KIND ? 'r' : 'relay';
  const missing = distinct(relays).filter((relay) => there?.includes(relay) === false);
  if (missing.length === 0) return null;
  const known = (tag: Tag): boolean => tag[0] === name && readRelayUrl(tag[1]) !== null;
  const added = missing.map((relay): Tag => [name, relay]);
  // A relay that was marked for reading only is now both.
  const kept = tags.filter((tag) => known(tag) && !missing.some((relay) => relay === tag[1]));
  return {
    created_at: Math.max(created_at, standing.created_at + 1),
    kind,
    tags: [...kept, ...added],
    content: '',
  };
}

/** A relay list of a verified event; null when it is of another kind. Entries that are no relay are left out. */
export function readRelayList({ kind, tags }: SignedEvent): RelayList | null {
  if (kind !== RELAY_LIST_KIND) return null;
  const of = (...markers: readonly (string | undefined)[]): readonly RelayUrl[] =>
    distinct(
      tags
        .filter(([name, , marker]) => name === 'r' && markers.includes(marker === '' ? undefined : marker))
        .flatMap(([, url]) => readRelayUrl(url) ?? []),
    );
  return { write: of('write', undefined), read: of('read', undefined) };
}

/** The inbox relays of a verified event; null when it is of another kind. */
export function readInboxList({ kind, tags }: SignedEvent): readonly RelayUrl[] | null {
  if (kind !== INBOX_LIST_KIND) return null;
  return distinct(tags.filter(([name]) => name === 'relay').flatMap(([, url]) => readRelayUrl(url) ?? []));
}

/** The relays of a tag that must be there once and name valid, different relays only, as Marmot's lists do; null otherwise. */
export function readRelaysTag(tags: readonly Tag[], name: string): readonly RelayUrl[] | null {
  const values = onlyTag(tags, name);
  if (values === null || values.length === 0 || values.length > MAX_RELAYS) return null;
  const relays = values.map(readRelayUrl);
  return relays.includes(null) || new Set(values).size !== values.length ? null : (relays as RelayUrl[]);
}

/** Which of two verified events of one author stands in a replaceable place: the later, of one second the lower id (NIP-01). */
export function newer(a: SignedEvent, b: SignedEvent): SignedEvent {
  if (a.created_at !== b.created_at) return a.created_at > b.created_at ? a : b;
  return a.id < b.id ? a : b;
}
