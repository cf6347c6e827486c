import { peerId, type AccountId, type ConversationId, type Millis } from '../../../shared/ids.ts';
import { newNetworkKey } from '../../../shared/lane/network-key.ts';
import type { Intent } from '../../../shared/lane/intent.ts';
import type { Work } from '../../../shared/lane/state.ts';
import { gossipHeaders, senderAutocrypt } from '../../../crypto/openpgp/autocrypt.ts';
import type { Fingerprint } from '../../../crypto/openpgp/certificate.ts';
import { readCertificate } from '../../../crypto/openpgp/certificate.ts';
import { learnCertificate, noteAddress } from '../../../crypto/openpgp/keyring.ts';
import type { Self } from '../account-record.ts';
import { meetPeer, openConversation } from '../correspondent.ts';
import { valuesOf } from '../header-block.ts';
import type { Ledger } from '../ledger.ts';
import { fromField, tokenField, type ReadMail } from '../mail-read.ts';
import { onlyValue } from '../header-block.ts';
import { writePeer } from '../records.ts';
import { readJoin, writeJoin, type JoinRecord } from './join-record.ts';
import { protocolData, type JoinOp } from './letters.ts';

/** What the steps need of the lane. */
export interface Joining {
  readonly account: AccountId;
  readonly self: Self;
  readonly work: Work;
  readonly ledger: Ledger;
  readonly now: Millis;
  /** Tells a waiting flow how its invitation ended. */
  readonly settle: (auth: string, conversation: ConversationId, fingerprint: Fingerprint) => void;
}

function enqueue(joining: Joining, op: JoinOp, data: Parameters<typeof protocolData>[0]): void {
  const { now, ledger } = joining;
  const key = newNetworkKey('email', now);
  const what = { kind: 'protocol' as const, key, op, data: protocolData(data) };
  ledger.enqueue.push({ conversation: null, sentAt: now, what } satisfies Intent);
}

/** The step a mail says it is; '' when it is none. Only ever asked of what was opened, never of a header outside. */
export function stepOf(mail: ReadMail): string {
  return tokenField(mail.fields, 'secure-join');
}

const authOf = (mail: ReadMail): string => onlyValue(mail.fields, 'secure-join-auth') ?? '';

/**
 * A step that came sealed under the secret of an invitation.
 * @param signedBy the one key that signed it, proven; null for an unsigned one.
 * @returns whether it was a step that fits; anything else is no mail we know.
 */
export async function passwordStep(
  joining: Joining,
  join: JoinRecord,
  mail: ReadMail,
  signedBy: Fingerprint | null,
): Promise<boolean> {
  const from = fromField(mail.fields);
  if (from === null || authOf(mail) !== join.auth || join.expiresAt <= joining.now) return false;
  switch (stepOf(mail)) {
    case 'vc-request-pubkey':
      // Unsigned by design: it proves that somebody knows the secret, and is answered with a public key only. Nothing becomes checked by it.
      if (join.role !== 'inviter' || signedBy !== null) return false;
      enqueue(joining, 'secure-join/vc-pubkey', { auth: join.auth, to: from.address });
      return true;
    case 'vc-pubkey':
      if (join.role !== 'joiner' || signedBy !== join.fingerprint) return false;
      return takeInviterKey(joining, join, mail, from.address);
    default:
      return false;
  }
}

/** The inviter's certificate came, signed by the key that stands in the link: prove ourselves to it. */
async function takeInviterKey(
  joining: Joining,
  join: JoinRecord,
  mail: ReadMail,
  address: string,
): Promise<boolean> {
  if (join.state === 'done') return true;
  const { work, ledger, now, account } = joining;
  const header = senderAutocrypt(valuesOf(mail.fields, 'autocrypt'), address);
  const learned = header ? await learnCertificate(work, header.keydata, now) : null;
  if (learned?.kind !== 'learned' || learned.certificate.fingerprint !== join.fingerprint) return false;
  const { fingerprint } = join;
  await meetPeer(work, ledger, { fingerprint, address, name: join.name, chat: true, seenAt: now });
  await openConversation(work, ledger, { account, fingerprint, state: 'active', now });
  writeJoin(work, { ...join, state: 'proving' });
  enqueue(joining, 'secure-join/vc-request-with-auth', { auth: join.auth, to: address, fingerprint });
  return true;
}

/** Whether a signed mail carries our own certificate as gossip: then its writer meant it for this very key. */
async function meantForUs(mail: ReadMail, self: Self, now: Millis): Promise<boolean> {
  for (const header of gossipHeaders(valuesOf(mail.fields, 'autocrypt-gossip'))) {
    const read = await readCertificate(header.keydata, now);
    if (read.kind !== 'certificate') continue;
    const { fingerprint } = read.certificate;
    if (self.keys.some((key) => key.certificate.fingerprint === fingerprint)) return true;
  }
  return false;
}

/**
 * The invitation that a step fits which came sealed to our key and signed; null for one that fits none. Keeps nothing.
 * @param signer proven.
 */
export async function fittingJoin(
  { work, self, now }: Joining,
  mail: ReadMail,
  signer: Fingerprint,
): Promise<JoinRecord | null> {
  const step = stepOf(mail);
  if (step === 'vc-request-with-auth') {
    const join = await readJoin(work, authOf(mail));
    const claimed = (onlyValue(mail.fields, 'secure-join-fingerprint') ?? '').toUpperCase();
    if (join?.role !== 'inviter' || join.expiresAt <= now || claimed !== signer) return null;
    return (await meantForUs(mail, self, now)) ? join : null;
  }
  if (step !== 'vc-contact-confirm' || !(await meantForUs(mail, self, now))) return null;
  for (const [key] of await work.scan('join', '')) {
    const join = await readJoin(work, key.key);
    if (join?.role !== 'joiner' || join.state !== 'proving' || join.fingerprint !== signer) continue;
    if (join.expiresAt > now) return join;
  }
  return null;
}

/** Takes a signed step that fits an invitation. Whoever calls has checked that the signer owns `address`. */
export async function signedStep(
  joining: Joining,
  join: JoinRecord,
  signer: { readonly fingerprint: Fingerprint; readonly address: string; readonly name: string },
): Promise<void> {
  await check(joining, join, signer);
  if (join.role === 'joiner') return;
  enqueue(joining, 'secure-join/vc-contact-confirm', {
    auth: join.auth,
    to: signer.address,
    fingerprint: signer.fingerprint,
  });
}

/** Both sides have proven what they had to: the peer is checked. */
async function check(
  joining: Joining,
  join: JoinRecord,
  signer: { readonly fingerprint: Fingerprint; readonly address: string; readonly name: string },
): Promise<void> {
  const { work, ledger, now, account, settle } = joining;
  const { fingerprint, address, name } = signer;
  const peer = await meetPeer(work, ledger, { fingerprint, address, name, chat: true, seenAt: now });
  // Proven: whatever other key spoke for the address meanwhile is not theirs.
  writePeer(work, fingerprint, { ...peer, checkedAt: now, successor: null });
  const conversation = await openConversation(work, ledger, { account, fingerprint, state: 'active', now });
  await noteAddress(work, address, fingerprint, now);
  // Core states in the conversation that the key was checked.
  ledger.changes.push({
    kind: 'identity',
    peer: peerId('email', fingerprint),
    was: fingerprint,
    now: fingerprint,
    trust: { kind: 'checked', at: now, by: 'secure-join' },
  });
  // An invitation may be followed by several people while it is valid; a followed one is over.
  writeJoin(work, { ...join, state: join.role === 'joiner' ? 'done' : join.state });
  ledger.after.push(() => settle(join.auth, conversation, fingerprint));
}
