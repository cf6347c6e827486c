import { peerId, type AccountId, type ConversationId, type Millis } from '../../shared/ids.ts';
import type { Trust } from '../../shared/label/facts.ts';
import type { Work } from '../../shared/lane/state.ts';
import type { NetworkKey } from '../../shared/ids.ts';
import type { Fingerprint } from '../../crypto/openpgp/certificate.ts';
import { forecast } from '../../crypto/openpgp/engine.ts';
import { addressKey, noteAddress } from '../../crypto/openpgp/keyring.ts';
import type { Ledger } from './ledger.ts';
import { keyConversation } from './names.ts';
import { noteRival, readPeer, writePeer, type PeerRecord } from './records.ts';

/** Addresses remembered of one peer. */
const ADDRESS_LIMIT = 5;

/** What a proven mail tells of its writer. */
export interface Introduction {
  readonly fingerprint: Fingerprint;
  readonly address: string;
  readonly name: string;
  /** Null: this mail says nothing about their program. */
  readonly chat: boolean | null;
  /** When it was written. */
  readonly seenAt: Millis;
}

const unknownPeer = (who: Introduction): PeerRecord => ({
  address: who.address,
  addresses: [],
  name: '',
  chat: false,
  checkedAt: null,
  conversation: false,
  successor: null,
  seenAt: 0,
});

/**
 * Takes in what a proven mail tells of its writer: name, address, kind of program. The peer is the key: an address that belongs to another key is
 * not taken from it. Returns what is known now.
 */
export async function meetPeer(work: Work, ledger: Ledger, who: Introduction): Promise<PeerRecord> {
  const known = (await readPeer(work, who.fingerprint)) ?? unknownPeer(who);
  const newer = who.seenAt >= known.seenAt;
  const address = newer ? who.address : known.address;
  const name = newer && who.name !== '' ? who.name : known.name;
  const next: PeerRecord = {
    ...known,
    address,
    name,
    addresses: [address, who.address, ...known.addresses]
      .filter((one, at, all) => all.indexOf(one) === at)
      .slice(0, ADDRESS_LIMIT),
    chat: known.chat || who.chat === true,
    seenAt: Math.max(known.seenAt, who.seenAt),
  };
  if (JSON.stringify(next) !== JSON.stringify(known)) writePeer(work, who.fingerprint, next);
  if (known.seenAt === 0 || next.address !== known.address || next.name !== known.name) {
    ledger.changes.push({
      kind: 'peer',
      peer: peerId('email', who.fingerprint),
      identity: who.fingerprint,
      address: next.address,
      name: next.name === '' ? null : next.name,
    });
  }
  return next;
}

/** The conversation with a known peer, made when there is none yet; `active` also accepts one that waits as a request. */
export async function openConversation(
  work: Work,
  ledger: Ledger,
  of: {
    readonly account: AccountId;
    readonly fingerprint: Fingerprint;
    readonly state: 'request' | 'active';
    readonly now: Millis;
  },
): Promise<ConversationId> {
  const conversation = keyConversation(of.account, of.fingerprint);
  const peer = await readPeer(work, of.fingerprint);
  if (peer?.conversation && of.state === 'request') return conversation;
  ledger.changes.push({
    kind: 'conversation',
    id: conversation,
    patch: { kind: 'direct', peer: peerId('email', of.fingerprint), protocol: 'openpgp', state: of.state },
  });
  if (peer && !peer.conversation) writePeer(work, of.fingerprint, { ...peer, conversation: true });
  await forecastFor(work, ledger, of.account, of.fingerprint, of.now);
  return conversation;
}

/** States what the next message to a peer would be: after every change of a key. */
export async function forecastFor(
  work: Work,
  ledger: Ledger,
  account: AccountId,
  fingerprint: Fingerprint,
  now: Millis,
): Promise<void> {
  const successor = (await readPeer(work, fingerprint))?.successor;
  const { facts, hold } = await forecast(work, [successor ?? fingerprint], now);
  ledger.forecasts.push({ conversation: keyConversation(account, fingerprint), facts, hold });
}

/** What this lane knows of whether it is really them. */
export function trustIn(peer: PeerRecord | null): Trust {
  return peer?.checkedAt === null || peer === null
    ? { kind: 'unchecked' }
    : { kind: 'checked', at: peer.checkedAt, by: 'secure-join' };
}

/**
 * Connects an address with the key that just spoke for it. Where a conversation exists with another key under that address nothing is replaced: the
 * other key's trust becomes `changed`, which stops its conversation until the person accepts the new key or proves the old one again, and the
 * new key's conversation says so.
 */
export async function claimAddress(
  work: Work,
  ledger: Ledger,
  claim: {
    readonly account: AccountId;
    readonly fingerprint: Fingerprint;
    readonly address: string;
    readonly seenAt: Millis;
    readonly now: Millis;
  },
): Promise<void> {
  const known = await addressKey(work, claim.address);
  const holder = known && known.fingerprint !== claim.fingerprint ? known.fingerprint : null;
  const old = holder === null ? null : await readPeer(work, holder);
  if (holder === null || !old?.conversation) {
    await noteAddress(work, claim.address, claim.fingerprint, claim.seenAt);
    return;
  }
  if (!(await noteRival(work, claim.address, claim.fingerprint))) return;
  writePeer(work, holder, { ...old, successor: claim.fingerprint });
  await forecastFor(work, ledger, claim.account, holder, claim.now);
  ledger.changes.push({
    kind: 'identity',
    peer: peerId('email', holder),
    was: holder,
    now: claim.fingerprint,
    trust: { kind: 'changed', at: claim.now, wasChecked: old.checkedAt !== null },
  });
  // Core states it in the conversation that stops; the new one says why it is not that one.
  ledger.changes.push({
    kind: 'note',
    conversation: keyConversation(claim.account, claim.fingerprint),
    key: `identity-changed:${claim.address}:${claim.fingerprint}` as NetworkKey,
    code: 'identity-changed',
    at: claim.now,
  });
}
