import type { ServiceId } from '../../crypto/signal/address.ts';
import { assertNever } from '../../shared/assert.ts';
import type { ConversationId, Millis, NetworkKey, PeerId } from '../../shared/ids.ts';
import type { Evidence } from '../../shared/label/evidence.ts';
import type { DataMessage, MessageName } from './codec/content.ts';
import { learnTimer, openConversation } from './correspondent.ts';
import { forgetMessage } from './forget-message.ts';
import { contentOf } from './message-content.ts';
import { conversationWith, keyOf } from './names.ts';
import { readPeer } from './peer-record.ts';
import { noteReaction } from './reaction.ts';
import { consumed, park, refuse, type Arrival, type Receiving } from './receiving.ts';
import { messageKeyOf, noteRevision } from './revision.ts';

/** A data message in its conversation, by its peer or by me on another device. */
export interface Said {
  readonly arrival: Arrival;
  readonly conversation: ConversationId;
  /** The other side of it. */
  readonly peer: ServiceId;
  /** Who wrote it, as the network names them, and as core does. */
  readonly author: ServiceId;
  readonly by: PeerId | 'me';
  readonly evidence: Evidence;
  readonly data: DataMessage;
  /** The time of the message that it is an edit of. */
  readonly editOf: Millis | null;
  /** When the time of my own message began to run. */
  readonly expirationStartedAt: Millis | null;
}

/**
 * The conversation a data message belongs to. Words open one; what is about words that were never here belongs to none: null.
 * `state`: of one that is new.
 */
export async function placeOf(
  receiving: Receiving,
  peer: ServiceId,
  { what }: DataMessage,
  editOf: Millis | null,
  state: 'request' | 'active',
): Promise<ConversationId | null> {
  const says = editOf === null && (what.kind === 'text' || what.kind === 'unsupported');
  if (says) return openConversation(receiving, peer, state, receiving.own);
  const known = (await readPeer(receiving.work, peer))?.conversation ?? false;
  return known ? conversationWith(receiving.account, peer) : null;
}

/** Takes in what a data message says. Its envelope is settled afterwards. */
export async function takeData(receiving: Receiving, said: Said): Promise<void> {
  const { data } = said;
  switch (data.what.kind) {
    case 'text':
    case 'unsupported':
      return said.editOf === null
        ? takeMessage(receiving, said, data.what)
        : takeEdit(receiving, said, data.what, said.editOf);
    case 'timer':
      await learnTimer(receiving, said.peer, data.timer);
      return consumed(receiving, said.arrival);
    case 'reaction':
      return takeReaction(receiving, said, data.what);
    case 'delete':
      return takeDelete(receiving, said, data.what.targetSentAt);
    case 'profile-key':
    case 'end-session':
      return consumed(receiving, said.arrival);
    default:
      return assertNever(data.what);
  }
}

const ownKey = ({ own }: Receiving, { author, data }: Said): NetworkKey =>
  keyOf({ author, sentAt: data.sentAt }, own.service);

type Shown = Parameters<typeof contentOf>[1];

async function takeMessage(receiving: Receiving, said: Said, what: Shown): Promise<void> {
  const { ledger, now } = receiving;
  const { arrival, conversation, data, by, evidence } = said;
  const { content, missing } = await contentOf(receiving, what);
  if (what.kind === 'text') await learnTimer(receiving, said.peer, data.timer);
  const key = ownKey(receiving, said);
  ledger.changes.push({
    kind: 'message',
    target: { conversation, key },
    author: by,
    sentAt: data.sentAt,
    content,
    evidence,
    ...(data.timer.ms === null
      ? {}
      : { expires: { afterMs: data.timer.ms, startedAt: said.expirationStartedAt } }),
  });
  if (by !== 'me') noteArrived(receiving, conversation, key);
  if (missing === 'files')
    ledger.changes.push({
      kind: 'note',
      conversation,
      key: `not-fetched:${key}` as NetworkKey,
      code: 'not-fetched',
      at: now,
    });
  if (missing === 'nothing') consumed(receiving, arrival);
  else await park(receiving, arrival, key);
}

/** Their author is to be told that it arrived. */
function noteArrived({ ledger }: Receiving, conversation: ConversationId, key: NetworkKey): void {
  ledger.arrived.set(conversation, [...(ledger.arrived.get(conversation) ?? []), key]);
}

/** An edit of the writer's own message. What it cannot show does not take the place of what is there. */
async function takeEdit(receiving: Receiving, said: Said, what: Shown, editOf: Millis): Promise<void> {
  const { work, own, ledger } = receiving;
  const { arrival, conversation, by, author, evidence } = said;
  const { content, missing } = await contentOf(receiving, what);
  const key = await noteRevision(work, { author, sentAt: said.data.sentAt }, editOf, own.service);
  if (by !== 'me') noteArrived(receiving, conversation, ownKey(receiving, said));
  if (missing !== 'unknown')
    ledger.changes.push({ kind: 'edit', target: { conversation, key }, by, content, evidence });
  if (missing === 'nothing') consumed(receiving, arrival);
  else await park(receiving, arrival, key);
}

async function takeReaction(
  receiving: Receiving,
  said: Said,
  { target, emoji, remove }: Extract<DataMessage['what'], { readonly kind: 'reaction' }>,
): Promise<void> {
  const { work, own, ledger } = receiving;
  const { arrival, conversation, by, evidence } = said;
  if (!isHere(receiving, said, target)) return refuse(receiving, arrival, 'foreign-target');
  const key = await messageKeyOf(work, target, own.service);
  if (by === 'me') await noteReaction(work, key, remove ? null : emoji, ownKey(receiving, said));
  ledger.changes.push({
    kind: 'reaction',
    target: { conversation, key },
    by,
    // One person has one reaction to a message at most.
    emoji: remove ? [] : [emoji],
    evidence,
  });
  consumed(receiving, arrival);
}

/** In a conversation of two only they have written anything. */
function isHere({ own }: Receiving, { peer }: Said, { author }: MessageName): boolean {
  return author === peer || author === own.service;
}

async function takeDelete(receiving: Receiving, said: Said, targetSentAt: Millis): Promise<void> {
  const { work, own, ledger } = receiving;
  const { arrival, conversation, peer, by, author } = said;
  const key = await messageKeyOf(work, { author, sentAt: targetSentAt }, own.service);
  if (by === 'me') await forgetMessage(work, own.service, peer, key);
  ledger.changes.push({ kind: 'delete', target: { conversation, key }, by });
  consumed(receiving, arrival);
}
