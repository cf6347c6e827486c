import type { ServiceId } from '../../crypto/signal/address.ts';
import type { IdentityKey, Opened } from '../../crypto/signal/engine.ts';
import type { AccountId, ConversationId, Millis, NetworkKey } from '../../shared/ids.ts';
import type { Trust } from '../../shared/label/facts.ts';
import type { Change } from '../../shared/lane/change.ts';
import type { Timer } from '../../shared/lane/intent.ts';
import type { Work } from '../../shared/lane/state.ts';
import { conversationWith, peerOf } from './names.ts';
import { newerTimer, readPeer, unknownPeer, writePeer, type PeerRecord } from './peer-record.ts';
import { readBlocked } from './phone-record.ts';
import { readProfile } from './profile-record.ts';
import type { Own } from './receiving.ts';

/** What telling core of somebody works with. */
export interface Telling {
  readonly account: AccountId;
  readonly work: Work;
  readonly ledger: { readonly changes: Change[]; readonly moved: Set<ServiceId> };
  readonly now: Millis;
}

/** The name by which somebody is shown: that of my phone's list, else what they call themselves. */
async function nameOf(work: Pick<Work, 'get'>, service: ServiceId, peer: PeerRecord): Promise<string | null> {
  return peer.name ?? (await readProfile(work, service))?.name ?? null;
}

/** Tells core who somebody is: key, number, name. */
export async function tellPeer(telling: Telling, service: ServiceId, peer: PeerRecord): Promise<void> {
  telling.ledger.changes.push({
    kind: 'peer',
    peer: peerOf(service),
    identity: peer.identity ?? '',
    address: peer.number,
    name: await nameOf(telling.work, service, peer),
  });
}

/**
 * Takes in under which identity somebody's session is now. The first is learnt; another one is a change that core stops their
 * conversation for. Gives what is known of it from now on.
 */
export async function learnIdentity(
  telling: Telling,
  service: ServiceId,
  { now: identity, was }: { readonly now: IdentityKey; readonly was: IdentityKey | null },
): Promise<{ readonly peer: PeerRecord; readonly trust: Trust }> {
  const { work, ledger, now } = telling;
  const known = await readPeer(work, service);
  const before = known?.identity ?? was;
  const peer: PeerRecord = { ...(known ?? unknownPeer), identity };
  if (known === null) await tellPeer(telling, service, { ...peer, identity: before ?? identity });
  if (before === identity) {
    if (known?.identity !== identity) writePeer(work, service, peer);
    return { peer, trust: trustIn(peer) };
  }
  const next = before === null ? peer : { ...peer, checkedAt: null, devices: [] };
  writePeer(work, service, next);
  const trust: Trust =
    before === null
      ? { kind: 'unchecked' }
      : { kind: 'changed', at: now, wasChecked: known !== null && known.checkedAt !== null };
  if (known !== null || before !== null)
    ledger.changes.push({ kind: 'identity', peer: peerOf(service), was: before, now: identity, trust });
  return { peer: next, trust };
}

/** What this lane knows of whether it is really them; core knows what the person decided. */
export function trustIn(peer: PeerRecord | null): Trust {
  if (peer === null || peer.checkedAt === null) return { kind: 'unchecked' };
  return { kind: 'checked', at: peer.checkedAt, by: 'own-device' };
}

/** Meets the sender of an opened envelope: their identity, and which device it was. */
export async function meetSender(telling: Telling, opened: Opened): Promise<Trust> {
  const { service, device } = opened.from;
  const learnt = await learnIdentity(telling, service, { now: opened.identity, was: opened.identityWas });
  const { peer, trust } = learnt;
  if (peer.devices.includes(device)) return trust;
  writePeer(telling.work, service, { ...peer, devices: [...peer.devices, device] });
  // The first is no news: that is the one they were met by.
  // Core states it in their conversations.
  if (peer.devices.length > 0 && peer.conversation)
    telling.ledger.changes.push({
      kind: 'device',
      peer: peerOf(service),
      device: String(device),
      act: 'added',
      sameIdentity: true,
    });
  return trust;
}

/**
 * The conversation with somebody, made when there is none yet; `active` also accepts one that waits as a request. With my own
 * service id: notes to myself.
 */
export async function openConversation(
  telling: Telling,
  service: ServiceId,
  state: 'request' | 'active',
  own: Own,
): Promise<ConversationId> {
  const { account, work, ledger } = telling;
  const conversation = conversationWith(account, service);
  const known = await readPeer(work, service);
  const peer = known ?? unknownPeer;
  const isSelf = service === own.service;
  const accepted = peer.accepted || state === 'active' || isSelf;
  if (peer.conversation && peer.accepted === accepted) return conversation;
  const identity = isSelf ? Buffer.from(own.identityKey).toString('hex') : peer.identity;
  if (known === null) await tellPeer(telling, service, { ...peer, identity });
  const blocked = (await readBlocked(work)).includes(service);
  writePeer(work, service, { ...peer, identity, conversation: true, accepted });
  ledger.moved.add(service);
  ledger.changes.push({
    kind: 'conversation',
    id: conversation,
    patch: {
      ...(peer.conversation
        ? {}
        : {
            kind: isSelf ? ('self' as const) : ('direct' as const),
            peer: peerOf(service),
            protocol: 'signal' as const,
          }),
      state: blocked ? 'blocked' : accepted ? 'active' : 'request',
    },
  });
  return conversation;
}

/** Takes in the timer that a message of a conversation carries; its first row says so when it is another one. */
export async function learnTimer(telling: Telling, service: ServiceId, told: Timer): Promise<void> {
  const { account, work, ledger, now } = telling;
  const peer = await readPeer(work, service);
  const timer = peer === null ? null : newerTimer(peer.timer, told);
  if (peer === null || timer === null) return;
  writePeer(work, service, { ...peer, timer });
  const conversation = conversationWith(account, service);
  ledger.changes.push({ kind: 'conversation', id: conversation, patch: { timer } });
  if (timer.ms === (peer.timer?.ms ?? null)) return;
  const key = `timer-changed:${service}:${timer.version}:${timer.ms ?? 0}:${now}` as NetworkKey;
  ledger.changes.push({ kind: 'note', conversation, key, code: 'timer-changed', at: now });
}
