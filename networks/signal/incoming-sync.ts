import type { ServiceId } from '../../crypto/signal/address.ts';
import { assertNever } from '../../shared/assert.ts';
import type { Millis } from '../../shared/ids.ts';
import type { MessageName, Sync } from './codec/content.ts';
import { isAci } from './codec/service-id.ts';
import { learnIdentity, openConversation, tellPeer } from './correspondent.ts';
import { forgetMessage } from './forget-message.ts';
import { placeOf, takeData } from './incoming-data.ts';
import { conversationWith, peerOf } from './names.ts';
import { takeNumberChange } from './number-change.ts';
import { readPeer, unknownPeer, writePeer } from './peer-record.ts';
import {
  notePhoneSettings,
  readBlocked,
  readPendingContacts,
  writeBlocked,
  writePendingContacts,
} from './phone-record.ts';
import { consumed, evidenceOf, park, refuse, type Arrival, type Receiving } from './receiving.ts';
import { messageKeyOf } from './revision.ts';

type Of<K extends Sync['kind']> = Extract<Sync, { readonly kind: K }>;

/** Takes in what another of my own devices says. The caller has made sure that it is one. */
export async function takeSync(receiving: Receiving, arrival: Arrival, sync: Sync): Promise<void> {
  switch (sync.kind) {
    case 'sent':
      return takeTranscript(receiving, arrival, sync);
    case 'number-change':
      return takeNumberChange(receiving, arrival, sync);
    case 'contacts':
      await noteContacts(receiving, sync);
      break;
    case 'read':
    case 'viewed':
      await takeRead(receiving, sync.of, arrival.unsealed.sentAt);
      break;
    case 'blocked':
      await takeBlocked(receiving, sync.services);
      break;
    case 'verified':
      await takeVerified(receiving, sync);
      break;
    case 'configuration':
      await notePhoneSettings(receiving.work, sync);
      break;
    case 'request-response':
      await takeAnswer(receiving, sync);
      break;
    case 'delete-for-me':
      await takeDeleted(receiving, sync.messages);
      break;
    // The phone answers requests; keys and the storage service are for later; my own profile is not shown.
    case 'request':
    case 'fetch-latest':
    case 'keys':
    case 'other':
      break;
    default:
      return assertNever(sync);
  }
  consumed(receiving, arrival);
}

/** What I wrote on another device, as it tells it. */
async function takeTranscript(receiving: Receiving, arrival: Arrival, sent: Of<'sent'>): Promise<void> {
  const { own } = receiving;
  const { message } = sent;
  if (message?.data.group) return park(receiving, arrival, null);
  // A story, an update of who got it, or something to a number that is no account: nothing of a conversation here.
  if (message === null || sent.isUpdate || sent.to === null || !isAci(sent.to))
    return consumed(receiving, arrival);
  if (message.data.sentAt !== sent.sentAt) return refuse(receiving, arrival, 'other-time');
  const conversation = await placeOf(receiving, sent.to, message.data, message.targetSentAt, 'active');
  if (conversation === null) return consumed(receiving, arrival);
  await takeData(receiving, {
    arrival,
    conversation,
    peer: sent.to,
    author: own.service,
    by: 'me',
    evidence: evidenceOf(receiving, arrival),
    data: message.data,
    editOf: message.targetSentAt,
    expirationStartedAt: sent.expirationStartedAt,
  });
}

/** A list of contacts may be large: it is noted, and fetched outside of receiving. */
async function noteContacts({ work, ledger, reception }: Receiving, list: Of<'contacts'>): Promise<void> {
  await readPendingContacts(work);
  writePendingContacts(work, { blob: list.blob, complete: list.complete });
  ledger.after.push(reception.contactsCame);
}

async function takeRead(receiving: Receiving, of: readonly MessageName[], readAt: Millis): Promise<void> {
  const { account, own, work, ledger, now } = receiving;
  for (const name of of) {
    if (!(await readPeer(work, name.author))?.conversation) continue;
    const key = await messageKeyOf(work, name, own.service);
    const conversation = conversationWith(account, name.author);
    ledger.changes.push({ kind: 'own-read', target: { conversation, key }, at: Math.min(readAt, now) });
  }
}

/** The whole list. Whoever is in it anew is blocked; core lets nobody out again but by the person's own act. */
async function takeBlocked(receiving: Receiving, services: readonly ServiceId[]): Promise<void> {
  const { work } = receiving;
  const before = await readBlocked(work);
  writeBlocked(work, services);
  for (const service of services) if (!before.includes(service)) await block(receiving, service);
}

async function block({ account, work, ledger }: Receiving, service: ServiceId): Promise<void> {
  if (!(await readPeer(work, service))?.conversation) return;
  const id = conversationWith(account, service);
  ledger.changes.push({ kind: 'conversation', id, patch: { state: 'blocked' } });
}

/** A comparison made on another device counts only for the very key that is known here. */
async function takeVerified(receiving: Receiving, verified: Of<'verified'>): Promise<void> {
  const { engine, work, ledger, now, log } = receiving;
  const { service, state } = verified;
  const identity = Buffer.from(verified.identityKey).toString('hex');
  const known = await engine.identityOf(service, work);
  if (known !== identity) return log('verified-other-key', { state, known: known !== null });
  const { peer } = await learnIdentity(receiving, service, { now: identity, was: null });
  if (state !== 'verified') return writePeer(work, service, { ...peer, checkedAt: null });
  writePeer(work, service, { ...peer, checkedAt: now });
  ledger.changes.push({
    kind: 'identity',
    peer: peerOf(service),
    was: identity,
    now: identity,
    trust: { kind: 'checked', at: now, by: 'own-device' },
  });
}

/** What I answered on another device to somebody's first message. */
async function takeAnswer(receiving: Receiving, { service, answer }: Of<'request-response'>): Promise<void> {
  const { work, own } = receiving;
  const known = await readPeer(work, service);
  switch (answer) {
    case 'accept':
      if (known?.conversation) await openConversation(receiving, service, 'active', own);
      // Without a conversation there is nothing to open: it is remembered for their first message.
      else if (!known?.accepted) await acceptAhead(receiving, service);
      return;
    case 'block': {
      const blocked = await readBlocked(work);
      if (!blocked.includes(service)) writeBlocked(work, [...blocked, service]);
      return block(receiving, service);
    }
    case 'delete':
    case 'unknown':
      return;
    default:
      return assertNever(answer);
  }
}

async function acceptAhead(receiving: Receiving, service: ServiceId): Promise<void> {
  const known = await readPeer(receiving.work, service);
  if (known === null) await tellPeer(receiving, service, unknownPeer);
  writePeer(receiving.work, service, { ...(known ?? unknownPeer), accepted: true });
}

/** Messages that I deleted for myself on another device. */
async function takeDeleted(receiving: Receiving, messages: Of<'delete-for-me'>['messages']): Promise<void> {
  const { account, own, work, ledger } = receiving;
  for (const { conversation: service, message } of messages) {
    if (!(await readPeer(work, service))?.conversation) continue;
    // Of others' messages only the other side's are in this conversation.
    if (message.author !== own.service && message.author !== service) continue;
    const key = await messageKeyOf(work, message, own.service);
    const target = { conversation: conversationWith(account, service), key };
    const by = message.author === own.service ? ('me' as const) : peerOf(service);
    if (by === 'me') await forgetMessage(work, own.service, service, key);
    ledger.changes.push({ kind: 'delete', target, by });
  }
}
