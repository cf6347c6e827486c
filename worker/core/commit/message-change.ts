import { PlainsealError } from '../../../shared/errors.ts';
import type { Content } from '../../../shared/contract/content.ts';
import type { Millis, NetworkKey, PeerId } from '../../../shared/ids.ts';
import type { Change, NoteCode } from '../../../shared/lane/change.ts';
import type { Evidence } from '../../../shared/label/evidence.ts';
import type { Label } from '../../../shared/label/label.ts';
import { isBlocked } from '../../../storage/blocked-peers.ts';
import {
  bumpConversation,
  findConversation,
  markRead,
  type Conversation,
} from '../../../storage/conversations.ts';
import {
  addMessage,
  contentBytes,
  deleteMessage,
  editMessage,
  findMessageByKey,
  type Message,
} from '../../../storage/messages.ts';
import { endOf, startOne, startRead, type Expires } from '../../../storage/expiry.ts';
import { countNotes } from '../../../storage/notes.ts';
import { findPeer } from '../../../storage/peers.ts';
import { setReaction } from '../../../storage/reactions.ts';
import { takeRoom } from '../../../storage/strangers.ts';
import { keepWaiting, takeWaiting } from '../../../storage/waiting.ts';
import { touchConversation, touchMessage } from '../touched.ts';
import { putNote } from './peer-change.ts';
import { changeReceipt, failDelivery } from './receipt-change.ts';
import { labelUnder } from './relabel.ts';
import { ownConversation, ownPeer, type Scope } from './scope.ts';

type Of<K extends Change['kind']> = Extract<Change, { readonly kind: K }>;
/** Changes of a message that may not be here yet. */
export type Targeted = Of<'edit' | 'reaction' | 'delete' | 'own-read' | 'receipt' | 'delivery-failed'>;

/** A message of the network. The same key twice is the same message: the first stands. */
export function receiveMessage(scope: Scope, change: Of<'message'>): void {
  const conversation = ownConversation(scope, change.target.conversation);
  const author = change.author === 'me' ? null : change.author;
  if (author !== null) {
    ownPeer(scope, author);
    // A lane that mixes conversations up must not put words into a mouth.
    if (!isIn(scope, conversation, author))
      throw new PlainsealError('refused', 'the author is not in this conversation');
    // What a blocked person writes is taken from the server and dropped here, also what they write in groups.
    if (conversation.state === 'blocked' || isBlocked(scope.db, author)) return;
  }
  const expires = expiresOf(scope, change);
  const goesAt = expires && endOf(expires, scope.now);
  // Its time was over before it came.
  if (goesAt !== null && goesAt <= scope.now) return;
  if (author !== null && conversation.state === 'request') {
    // The same message twice takes no room twice.
    if (findMessageByKey(scope.db, scope.account.id, change.target.key)) return;
    if (!hasRoomFor(scope, conversation, change.content)) return;
  }
  const id = addMessage(
    scope.db,
    {
      conversation: conversation.id,
      account: scope.account.id,
      key: change.target.key,
      author,
      sentAt: change.sentAt,
      content: change.content,
      evidence: change.evidence,
      label: pastLabel(scope, conversation, change.evidence),
      sending: null,
      expires,
    },
    scope.now,
  );
  if (id === null) return;
  bumpConversation(scope.db, conversation.id, { message: id, at: scope.now, unread: author !== null });
  touchMessage(scope.touched, conversation.id, id);
  if (goesAt !== null) scope.touched.expiry = true;
  // What I read on another device is neither news nor unread.
  if (author !== null && goesAt !== null) markRead(scope.db, conversation.id, id);
  else if (author !== null) scope.touched.arrived.push({ conversation: conversation.id, message: id });
  for (const waiting of takeWaiting(scope.db, scope.account.id, change.target.key, scope.now))
    changeTarget(scope, waiting as Targeted);
}

/**
 * Takes room in a request for what somebody wrote: of people who were not accepted only so much is kept (decision 20). What is over it is
 * counted, and their request says so.
 */
function hasRoomFor(scope: Scope, request: Conversation, content: Content): boolean {
  const isRoom = takeRoom(scope.db, request, contentBytes(scope.db, content));
  if (!isRoom) touchConversation(scope.touched, request.id);
  return isRoom;
}

/** How long it stays. The time of what I sent on another device runs already, whether or not that says since when. */
function expiresOf(scope: Scope, { author, expires }: Of<'message'>): Expires | null {
  if (!expires || expires.afterMs === 0) return null;
  return author === 'me' ? { ...expires, startedAt: expires.startedAt ?? scope.now } : expires;
}

/** The label of something that has happened: the rules over its evidence, at its own time, and never a hold. */
export function pastLabel(scope: Scope, conversation: Conversation, evidence: Evidence): Label {
  return labelUnder(scope, conversation, evidence.facts, null, evidence.at);
}

/** In a conversation with one person, or with myself, only its peer speaks (or one that turned out to be the same). */
function isIn(scope: Scope, { kind, peer }: Conversation, author: PeerId): boolean {
  if ((kind !== 'direct' && kind !== 'self') || peer === null || author === peer) return true;
  return findPeer(scope.db, author)?.mergedInto === peer || findPeer(scope.db, peer)?.mergedInto === author;
}

const targetOf = (change: Targeted): NetworkKey =>
  change.kind === 'receipt'
    ? change.receipt.of
    : change.kind === 'delivery-failed'
      ? change.of
      : change.target.key;

/** Applies a change to its message, or keeps it until that arrives. One that does not fit its message is dropped. */
export function changeTarget(scope: Scope, change: Targeted): void {
  const key = targetOf(change);
  const message = findMessageByKey(scope.db, scope.account.id, key);
  if (!message) {
    // What a stranger wrote may not have been kept; then what they write anew is not either, and they take no place where others' changes wait.
    if ('target' in change && findConversation(scope.db, change.target.conversation)?.state === 'request')
      return;
    // Where messages go by themselves the target may have gone: what an edit says must not outlive it here.
    if (change.kind === 'edit' && ownConversation(scope, change.target.conversation).timer?.ms) return;
    keepWaiting(scope.db, scope.account.id, key, change, scope.now);
    return;
  }
  if (message.kind !== 'message') return;
  if ('target' in change && change.target.conversation !== message.conversation) return;
  switch (change.kind) {
    case 'edit':
      return edit(scope, message, change);
    case 'reaction':
      return react(scope, message, change);
    case 'delete':
      return remove(scope, message, change);
    case 'own-read':
      return readElsewhere(scope, message, change.at ?? scope.now);
    case 'receipt':
      return changeReceipt(scope, message, change.receipt);
    case 'delivery-failed':
      return failDelivery(scope, message, change);
  }
}

/** Everything up to a message was read on another device of mine, `told` being when. */
function readElsewhere(scope: Scope, { id, conversation }: Message, told: Millis): void {
  const at = Math.min(told, scope.now);
  const begun = startRead(scope.db, conversation, id, at);
  // Read there before it was read here.
  if (startOne(scope.db, id, at)) begun.push(id);
  for (const message of begun) {
    touchMessage(scope.touched, conversation, message);
    scope.touched.expiry = true;
  }
  if (markRead(scope.db, conversation, id)) touchConversation(scope.touched, conversation);
}

const wrote = (message: Message, by: PeerId | 'me'): boolean => message.author === (by === 'me' ? null : by);

/** Only its author edits a message. */
function edit(scope: Scope, message: Message, change: Of<'edit'>): void {
  if (message.deleted || !wrote(message, change.by)) return;
  if (change.by !== 'me' && isBlocked(scope.db, change.by)) return;
  const conversation = ownConversation(scope, message.conversation);
  if (conversation.state === 'request' && !hasRoomFor(scope, conversation, change.content)) return;
  editMessage(scope.db, message, {
    content: change.content,
    evidence: change.evidence,
    label: pastLabel(scope, conversation, change.evidence),
    at: scope.now,
  });
  touchMessage(scope.touched, message.conversation, message.id);
}

function react(scope: Scope, message: Message, change: Of<'reaction'>): void {
  if (message.deleted) return;
  if (change.by !== 'me') {
    ownPeer(scope, change.by);
    const conversation = ownConversation(scope, message.conversation);
    if (conversation.state === 'blocked' || isBlocked(scope.db, change.by)) return;
    if (!isIn(scope, conversation, change.by)) return;
  }
  setReaction(scope.db, message.id, { ...change, at: scope.now });
  touchMessage(scope.touched, message.conversation, message.id);
}

/** Only its author deletes a message for everybody. */
function remove(scope: Scope, message: Message, change: Of<'delete'>): void {
  if (message.deleted || !wrote(message, change.by)) return;
  deleteMessage(scope.db, message.id);
  touchMessage(scope.touched, message.conversation, message.id);
}

/** Rows that servers, and people who only know an address, can cause in anybody's conversation. */
const byAnybody: readonly NoteCode[] = ['arrived-in-the-clear', 'not-opened', 'not-fetched'];
/** Most such rows of one kind in a day: it has been said by then. */
const MAX_NOTES = 20;
const DAY_MS = 24 * 60 * 60 * 1_000;

/** A row that Plainseal itself states. */
export function changeNote(scope: Scope, change: Of<'note'>): void {
  const conversation = ownConversation(scope, change.conversation);
  const { id } = conversation;
  const { key, code, quoted = null, of: people = [] } = change;
  for (const each of people) if (each !== 'me') ownPeer(scope, each);
  if (byAnybody.includes(code) && countNotes(scope.db, id, code, scope.now - DAY_MS) >= MAX_NOTES) return;
  if (conversation.state === 'request' && !takeRoom(scope.db, conversation, quoted?.length ?? 0)) return;
  putNote(scope, { conversation: id, key, code, quoted, people });
}
