import * as v from 'valibot';
import type { Millis } from '../../shared/ids.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import { decodeCell, hexId, readCell, relayUrl, removeCell, writeCell } from './cell.ts';
import type { EventId, SignedEvent } from './event.ts';
import { unwrapGift, type Own, type WrapFault } from './gift-wrap.ts';
import type { PublicKey } from './keys.ts';
import { readWelcome, type FoundWelcome } from './marmot/welcome.ts';

/**
 * Invitations that wait for the person. Anybody can send them: nothing is joined, fetched or answered before the person accepts, and
 * however many come, no more than a bounded number is kept.
 */
export interface Request {
  /** The wrap it came in. */
  readonly id: EventId;
  /** Who sealed it. Proven; the group it leads to is not. */
  readonly from: PublicKey;
  readonly welcome: FoundWelcome;
  /** When it says it was made, in epoch seconds: the group is read from then on. */
  readonly madeAt: number;
  readonly receivedAt: Millis;
}

/** What a wrap of the inbox turned out to be. */
export type Invitation =
  | {
      readonly kind: 'welcome';
      readonly from: PublicKey;
      readonly welcome: FoundWelcome;
      /** When its writer says it was made, in epoch seconds. */
      readonly madeAt: number;
    }
  /** Something of another use of Nostr (a direct message, say), or a welcome that does not read. */
  | { readonly kind: 'other'; readonly eventKind: number }
  | { readonly kind: 'refused'; readonly why: WrapFault };

/** Opens a verified wrap of my inbox. */
export function openInvitation(own: Own, wrap: SignedEvent): Invitation {
  const opened = unwrapGift(own, wrap);
  if (opened.kind === 'refused') return opened;
  const { rumor } = opened;
  const welcome = readWelcome(rumor);
  return welcome === null
    ? { kind: 'other', eventKind: rumor.kind }
    : { kind: 'welcome', from: rumor.pubkey, welcome, madeAt: rumor.created_at };
}

/** How long an invitation waits for the person; its key package has run out by then. */
export const WAITS_MS = 84 * 24 * 60 * 60 * 1_000;

const SPACE = 'request';
const INDEX: StateKey = { space: 'request-index', key: 'all' };
const MAX_REQUESTS = 200;
const MAX_PER_SENDER = 3;
/** A larger welcome is a group that this program could not carry anyway. Bytes. */
const MAX_WELCOME_BYTES = 48 * 1024;

const keyOf = (id: EventId): StateKey => ({ space: SPACE, key: id });
const requestSchema: v.GenericSchema<unknown, Request> = v.object({
  id: hexId<EventId>(),
  from: hexId<PublicKey>(),
  welcome: v.object({
    keyPackageEvent: hexId<EventId>(),
    relays: v.array(relayUrl),
    message: v.instance(Uint8Array),
  }),
  madeAt: v.number(),
  receivedAt: v.number(),
});
/** Requests decided about, remembered so that they are not asked again when a relay sends them again. */
const MAX_DECIDED = 1_000;
/** Who has sent which, in the order they came: enough to bound them without opening any. */
const indexSchema = v.object({
  open: v.array(v.object({ id: hexId<EventId>(), from: hexId<PublicKey>() })),
  decided: v.array(hexId<EventId>()),
});
type Index = v.InferOutput<typeof indexSchema>;

async function readIndex(work: Pick<Work, 'get'>): Promise<Index> {
  return (await readCell(work, INDEX, indexSchema)) ?? { open: [], decided: [] };
}

/** What became of a request; `displaced`: an older one of the same sender that is kept no more. */
export type Kept =
  | { readonly kind: 'kept'; readonly displaced: EventId | null }
  | { readonly kind: 'known' }
  | { readonly kind: 'refused' };

/**
 * Keeps a request. Of one sender the newest few stay. When there are too many altogether the new one is `refused`: a flood must not wash
 * away what was there before it. `known`: it was kept, or decided about, before.
 */
export async function keepRequest(work: Work, request: Request): Promise<Kept> {
  const { open, decided } = await readIndex(work);
  if (decided.includes(request.id) || open.some(({ id }) => id === request.id)) return { kind: 'known' };
  if (request.welcome.message.length > MAX_WELCOME_BYTES) return { kind: 'refused' };
  const place = placeFor(open, request.from);
  if (place === null) return { kind: 'refused' };
  const { displaced } = place;
  if (displaced !== null) await removeCell(work, keyOf(displaced));
  await work.get(keyOf(request.id));
  writeCell(work, keyOf(request.id), request);
  const rest = open.filter(({ id }) => id !== displaced);
  writeCell(work, INDEX, { open: [...rest, { id: request.id, from: request.from }], decided });
  return { kind: 'kept', displaced };
}

/** Where one more request of somebody goes: in the place of their oldest when they have their share. Null when there is no room. */
function placeFor(open: Index['open'], sender: PublicKey): { readonly displaced: EventId | null } | null {
  const theirs = open.filter(({ from }) => from === sender);
  if (theirs.length >= MAX_PER_SENDER) return { displaced: theirs[0]?.id ?? null };
  return open.length < MAX_REQUESTS ? { displaced: null } : null;
}

/** Whether a request from somebody would be kept; to be asked before anything is done for it. */
export async function roomFor(
  work: Pick<Work, 'get'>,
  id: EventId,
  from: PublicKey,
): Promise<'room' | 'known' | 'full'> {
  const { open, decided } = await readIndex(work);
  if (decided.includes(id) || open.some((one) => one.id === id)) return 'known';
  return placeFor(open, from) === null ? 'full' : 'room';
}

/** One request; null when it is not there (any more). */
export function readRequest(work: Pick<Work, 'get'>, id: EventId): Promise<Request | null> {
  return readCell(work, keyOf(id), requestSchema);
}

/** All requests, the newest first. */
export async function allRequests(work: Pick<Work, 'scan'>): Promise<readonly Request[]> {
  const cells = await work.scan(SPACE, '');
  const requests = cells.map(([key, bytes]) => decodeCell(bytes, key, requestSchema));
  return requests.toSorted((a, b) => b.receivedAt - a.receivedAt);
}

/** Requests that have waited so long that nothing can come of them any more make room. Gives which. */
export async function dropOldRequests(work: Work, now: Millis): Promise<readonly EventId[]> {
  const old = (await allRequests(work)).filter(({ receivedAt }) => receivedAt + WAITS_MS <= now);
  for (const { id } of old) await settleRequest(work, id);
  return old.map(({ id }) => id);
}

/** Takes a request off the list: it was accepted or declined, or is too old. */
export async function settleRequest(work: Work, id: EventId): Promise<void> {
  const { open, decided } = await readIndex(work);
  await removeCell(work, keyOf(id));
  writeCell(work, INDEX, {
    open: open.filter((one) => one.id !== id),
    decided: [...decided.filter((one) => one !== id), id].slice(-MAX_DECIDED),
  });
}
