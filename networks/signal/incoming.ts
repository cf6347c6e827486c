import { assertNever } from '../../shared/assert.ts';
import type { DataMessage, Incoming } from './codec/content.ts';
import { decodeContent } from './codec/decode.ts';
import { errandIntent } from './errand.ts';
import { placeOf, takeData } from './incoming-data.ts';
import { takeReceipt } from './incoming-receipt.ts';
import { takeSync } from './incoming-sync.ts';
import { conversationWith, peerOf } from './names.ts';
import { readPeer } from './peer-record.ts';
import { learnProfileKey } from './profile-names.ts';
import { consumed, evidenceOf, park, refuse, type Arrival, type Receiving } from './receiving.ts';

/**
 * Takes in one opened envelope: what it changes stands in the ledger afterwards, and its outcome. What its sender may not say is
 * refused.
 * @throws PlainsealError `bad-request` when the content breaks Signal's shape; FileNeeded when a file is to be fetched first.
 */
export async function takeOpened(receiving: Receiving, arrival: Arrival): Promise<void> {
  const incoming = decodeContent(arrival.opened.plaintext);
  const { unsealed } = arrival;
  const isMine = unsealed.from.service === receiving.own.service;
  // Nothing proves who made a plaintext: it may ask for a message again, and say nothing else.
  if ((unsealed.type === 'plaintext') !== (incoming.kind === 'decryption-error'))
    return refuse(receiving, arrival, 'unsealed-content');
  if (incoming.kind === 'decryption-error') return takeRetryRequest(receiving, arrival, incoming.bytes);
  if (incoming.kind === 'sync')
    return isMine && unsealed.local === 'ACI'
      ? takeSync(receiving, arrival, incoming.sync)
      : refuse(receiving, arrival, 'forged-sync');
  return isMine ? takeOwn(receiving, arrival, incoming) : takeTheirs(receiving, arrival, incoming);
}

type Others = Exclude<Incoming, { readonly kind: 'sync' | 'decryption-error' }>;

/** My devices talk to each other in sync messages. */
async function takeOwn(receiving: Receiving, arrival: Arrival, incoming: Others): Promise<void> {
  if (incoming.kind === 'unsupported') return park(receiving, arrival, null);
  if (incoming.kind === 'data' || incoming.kind === 'edit')
    return refuse(receiving, arrival, 'message-to-myself');
  consumed(receiving, arrival);
}

async function takeTheirs(receiving: Receiving, arrival: Arrival, incoming: Others): Promise<void> {
  switch (incoming.kind) {
    case 'data':
      return takeMessage(receiving, arrival, incoming.data, null);
    case 'edit':
      return takeMessage(receiving, arrival, incoming.data, incoming.targetSentAt);
    case 'receipt':
      return takeReceipt(receiving, arrival, incoming);
    case 'typing':
      return takeTyping(receiving, arrival, incoming);
    case 'nothing':
      return consumed(receiving, arrival);
    case 'unsupported':
      return takeUnknown(receiving, arrival);
    default:
      return assertNever(incoming);
  }
}

async function takeMessage(
  receiving: Receiving,
  arrival: Arrival,
  data: DataMessage,
  editOf: number | null,
): Promise<void> {
  const { ledger, reception } = receiving;
  const { from, sentAt } = arrival.unsealed;
  // The envelope's time is what a retry asks by, the content's what a message is named by: Signal's own programs hold them to be one.
  if (data.sentAt !== sentAt) return refuse(receiving, arrival, 'other-time');
  // Groups come later: their messages belong into no direct conversation.
  if (data.group !== null || arrival.unsealed.group !== null) return park(receiving, arrival, null);
  if (data.profileKey !== null) await learnProfileKey(receiving, from.service, data.profileKey);
  const conversation = await placeOf(receiving, from.service, data, editOf, 'request');
  // A stranger begins with a message: what is about one that was never here is about nothing.
  if (conversation === null) return consumed(receiving, arrival);
  ledger.after.push(() => reception.typing.stopped(conversation));
  await takeData(receiving, {
    arrival,
    conversation,
    peer: from.service,
    author: from.service,
    by: peerOf(from.service),
    evidence: evidenceOf(receiving, arrival),
    data,
    editOf,
    expirationStartedAt: null,
  });
}

/** A content of a kind that is not known yet: its place in the conversation says so. */
function takeUnknown(receiving: Receiving, arrival: Arrival): Promise<void> {
  const { sentAt } = arrival.unsealed;
  const timer = { ms: null, version: 0 };
  const what = { kind: 'unsupported' as const };
  return takeMessage(receiving, arrival, { sentAt, group: null, profileKey: null, timer, what }, null);
}

async function takeTyping(
  receiving: Receiving,
  arrival: Arrival,
  typing: Extract<Incoming, { readonly kind: 'typing' }>,
): Promise<void> {
  const { account, work, ledger, reception } = receiving;
  const { service } = arrival.unsealed.from;
  consumed(receiving, arrival);
  if (typing.group !== null || !(await readPeer(work, service))?.conversation) return;
  const conversation = conversationWith(account, service);
  ledger.after.push(() =>
    typing.on ? reception.typing.started(conversation) : reception.typing.stopped(conversation),
  );
}

/** Somebody's device could not open what I sent: whether it gets it again is for sending to decide. */
async function takeRetryRequest(receiving: Receiving, arrival: Arrival, bytes: Uint8Array): Promise<void> {
  const { account, own, engine, work, ledger, reception } = receiving;
  const { from } = arrival.unsealed;
  const request = engine.retryRequest(bytes);
  consumed(receiving, arrival);
  // It goes to all devices of mine, and is about one of them.
  if (request === null || request.device !== own.device) return;
  const isKnown = (await readPeer(work, from.service))?.conversation ?? false;
  if (!isKnown && from.service !== own.service) return;
  const conversation = isKnown ? conversationWith(account, from.service) : null;
  const { sentAt, ratchetKey } = request;
  ledger.enqueue.push(
    errandIntent({ op: 'resend', to: from, sentAt, ratchetKey }, reception.stamp(), conversation),
  );
}
