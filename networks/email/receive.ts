import type { Exposure } from '../../shared/label/facts.ts';
import type { Evidence } from '../../shared/label/evidence.ts';
import { parseAutocrypt } from '../../crypto/openpgp/autocrypt.ts';
import type { Certificate, Fingerprint } from '../../crypto/openpgp/certificate.ts';
import { verifyMail, type OpenedMail } from '../../crypto/openpgp/engine.ts';
import { openWithPasswords } from '../../crypto/openpgp/password.ts';
import { asideOf } from './aside.ts';
import type { Body, Payload } from './body.ts';
import { readBounce } from './bounce.ts';
import { trustIn } from './correspondent.ts';
import { learnSigner } from './signer.ts';
import { onlyValue, readParameters, valuesOf } from './header-block.ts';
import { fromField, messageIdField, readMail, type ReadMail } from './mail-read.ts';
import { isDirect, takeMessage, type Proven } from './message-in.ts';
import { takePlain } from './plain-in.ts';
import { keyConversation } from './names.ts';
import {
  claimMessageId,
  consumed,
  judgedAt,
  notKept,
  setAside,
  type Arrival,
  type Receiving,
} from './receiving.ts';
import { readMailRecord, readPeer } from './records.ts';
import { isRoomFor } from './room.ts';
import { inviteSecret } from './secure-join/link.ts';
import { openJoins } from './secure-join/join-record.ts';
import { fittingJoin, passwordStep, signedStep, stepOf } from './secure-join/steps.ts';
import { plainMail, type Wanted } from './triage.ts';

/** Certificates one mail may bring along for its signer to be found. */
const DELIVERED_LIMIT = 4;

/** Takes in a mail whose body was fetched. Its outcome stands in the ledger afterwards, whatever the bytes are. */
export async function receive(
  receiving: Receiving,
  mail: Arrival,
  wanted: Wanted,
  body: Body,
): Promise<void> {
  if (wanted === 'report') return takeReport(receiving, mail, body.bytes);
  if (wanted === 'plain') return takePlain(receiving, mail, body.bytes);
  const payload = body.payload();
  if (payload !== null) return takeSealed(receiving, mail, body, payload);
  if (wanted === 'sealed') return setAside(receiving, mail, 'shape', 'not-opened');
  const next = await plainMail(receiving, mail);
  return next === null ? undefined : takePlain(receiving, mail, body.bytes);
}

/** A delivery report about a mail of mine fails it; anything else it says is nobody's concern. */
async function takeReport(receiving: Receiving, mail: Arrival, bytes: Uint8Array): Promise<void> {
  const read = await readMail(bytes);
  const bounce = read === null ? null : readBounce(read);
  if (bounce?.permanent) {
    for (const of of bounce.of) {
      const record = await readMailRecord(receiving.work, of);
      if (record?.from !== 'me') continue;
      const key = of as Parameters<typeof String>[0];
      receiving.ledger.changes.push({ kind: 'delivery-failed', of: key, why: 'bounced', at: receiving.now });
    }
  }
  consumed(receiving, mail);
}

async function takeSealed(receiving: Receiving, mail: Arrival, body: Body, payload: Payload): Promise<void> {
  if (payload.byPassword) return takePassword(receiving, mail, payload.armored);
  const { work, self, now } = receiving;
  const inside = insideReader(mail);
  const decrypted = await body.open(payload, self.keys);
  if (decrypted.kind === 'refused') return setAside(receiving, mail, decrypted.why, 'not-opened');
  const opened = await verifyMail(work, decrypted, {
    examine: inside.examine,
    trustOf: trustOf(receiving),
    own: self.keys,
    now,
    judgedAt: judgedAt(now, mail),
  });
  if (opened.kind === 'refused') return setAside(receiving, mail, opened.why, 'not-opened');
  // Sealed to us but by nobody we can name: never anybody's words.
  if (opened.kind === 'unproven') return setAside(receiving, mail, unprovenWhy(opened), 'not-opened');
  const { fingerprint } = opened.signature;
  // A copy of my own, from another device.
  if (self.keys.some((key) => key.certificate.fingerprint === fingerprint)) return consumed(receiving, mail);
  const read = await inside.read(opened.plaintext);
  if (read === null) return setAside(receiving, mail, 'inside-malformed', 'not-opened');
  const sender = senderOf(mail, read, opened.certificate);
  if (typeof sender === 'string') return setAside(receiving, mail, sender, 'not-opened');
  const peer = await readPeer(work, fingerprint);
  if (!owns(opened.certificate, read, sender.address) && !peer?.addresses.includes(sender.address))
    return setAside(receiving, mail, 'sender-is-not-signer', 'not-opened');
  const written = { read, sender: { ...sender, fingerprint } };
  if (stepOf(read) !== '') return takeStep(receiving, mail, written, opened);
  const isKnown = peer?.conversation === true;
  if (!isKnown) {
    // Core counts requests. Of a stranger's mail that makes none nothing is kept, or there would be no bound to it (rule 11).
    if (!isDirect(receiving, read)) return setAside(receiving, mail, 'not-direct', 'not-opened');
    if (asideOf(read) !== null) return consumed(receiving, mail);
  }
  const conversation = keyConversation(receiving.account, fingerprint);
  if (!(await isRoomFor(receiving, conversation, read, isKnown)))
    return notKept(receiving, mail, conversation);
  await takeMessage(receiving, mail, {
    ...written,
    keyNews: await learnSigner(receiving, read, sender.address, opened),
    messageId: messageIdOf(mail, read),
    evidence: withHeaderProtection(opened.evidence, read),
  });
}

/** The Message-ID as it was signed, else as it stands outside. */
const messageIdOf = (mail: Arrival, read: ReadMail): string =>
  messageIdField(read.fields) ?? mail.messageId ?? `${mail.envelope}@unnamed`;

/**
 * A signed step. One that fits an invitation is of somebody I invited, or who invited me, and is asked no room for. Nothing is kept of any other: it
 * says nothing, and anybody can send it.
 */
async function takeStep(
  receiving: Receiving,
  mail: Arrival,
  { read, sender }: Pick<Proven, 'read' | 'sender'>,
  opened: Parameters<typeof learnSigner>[3],
): Promise<void> {
  const join = await fittingJoin(receiving, read, sender.fingerprint);
  consumed(receiving, mail);
  if (join === null) return;
  await learnSigner(receiving, read, sender.address, opened);
  const record = { from: sender.fingerprint, to: null, wantsReceipt: false };
  const fresh = await claimMessageId(receiving.work, messageIdOf(mail, read), record);
  if (fresh !== null) await signedStep(receiving, join, sender);
}

/** A mail sealed under a password: a step of an open invitation, or nothing we know (a channel, somebody else's invitation). */
async function takePassword(receiving: Receiving, mail: Arrival, payload: Uint8Array): Promise<void> {
  const { work, self, now } = receiving;
  const joins = await openJoins(work, now);
  const secrets = new Map(joins.map((join) => [inviteSecret(join.fingerprint, join.auth), join]));
  const own = self.keys.map((key) => key.certificate.fingerprint);
  const decrypted = await openWithPasswords(payload, [...secrets.keys()], own);
  const join = decrypted.kind === 'refused' ? undefined : secrets.get(decrypted.password);
  if (decrypted.kind === 'refused' || join === undefined) {
    const why = decrypted.kind === 'refused' ? decrypted.why : 'not-for-us';
    return setAside(receiving, mail, `password-${why}`, null);
  }
  const inside = insideReader(mail);
  const read = await inside.read(decrypted.plaintext);
  const from = read === null ? null : fromField(read.fields);
  if (read === null || from === null || from.address !== mail.from?.address)
    return setAside(receiving, mail, 'sender-mismatch', null);
  const signedBy = await onlySigner(receiving, mail, decrypted, inside.examine);
  if (signedBy === 'bad') return setAside(receiving, mail, 'signature', null);
  const writer = signedBy ?? `invited:${from.address}`;
  const fresh = await claimMessageId(work, messageIdOf(mail, read), {
    from: writer,
    to: null,
    wantsReceipt: false,
  });
  if (fresh !== null) await passwordStep(receiving, join, read, signedBy);
  consumed(receiving, mail);
}

/** Who signed a mail that a password opened: null for nobody, 'bad' unless there is exactly one signature and it is good. */
async function onlySigner(
  receiving: Receiving,
  mail: Arrival,
  decrypted: Parameters<typeof verifyMail>[1],
  examine: Parameters<typeof verifyMail>[2]['examine'],
): Promise<Fingerprint | null | 'bad'> {
  if (decrypted.signers.length === 0) return null;
  if (decrypted.signers.length > 1) return 'bad';
  const { work, self, now } = receiving;
  const opened = await verifyMail(work, decrypted, {
    examine,
    trustOf: trustOf(receiving),
    own: self.keys,
    now,
    judgedAt: judgedAt(now, mail),
  });
  return opened.kind === 'opened' ? opened.signature.fingerprint : 'bad';
}

const trustOf =
  ({ work }: Receiving) =>
  async (fingerprint: Fingerprint) =>
    trustIn(await readPeer(work, fingerprint));

function unprovenWhy(opened: Extract<OpenedMail, { kind: 'unproven' }>): string {
  switch (opened.signature.kind) {
    case 'none':
      return 'unsigned';
    case 'unknown-key':
      return 'signer-unknown';
    case 'bad':
      return `signature-${opened.signature.why}`;
  }
}

/** Reads the inside once, for the engine (which certificates came along, what stood outside) and for us. */
function insideReader(mail: Arrival): {
  readonly read: (plaintext: Uint8Array) => Promise<ReadMail | null>;
  readonly examine: (plaintext: Uint8Array) => Promise<{
    readonly certificates: readonly Uint8Array[];
    readonly exposed: readonly Exposure[];
  }>;
} {
  let known: Promise<ReadMail | null> | null = null;
  const read = (plaintext: Uint8Array): Promise<ReadMail | null> => (known ??= readMail(plaintext));
  return {
    read,
    examine: async (plaintext) => {
      const inner = await read(plaintext);
      const headers = [
        ...valuesOf(inner?.fields ?? [], 'autocrypt'),
        ...valuesOf(mail.fields, 'autocrypt'),
      ].slice(0, DELIVERED_LIMIT);
      return {
        certificates: headers.flatMap((value) => parseAutocrypt(value)?.keydata ?? []),
        exposed: inner !== null && onlyValue(inner.fields, 'subject') !== null ? [] : ['subject'],
      };
    },
  };
}

/**
 * Who a signed mail says it is from. The signed inside speaks where it names a sender; a different sender outside means that somebody
 * passed the mail on under another name, so nobody is named at all.
 */
function senderOf(
  mail: Arrival,
  read: ReadMail,
  certificate: Certificate,
): { readonly address: string; readonly name: string } | 'sender-missing' | 'sender-mismatch' {
  if (valuesOf(read.fields, 'from').length === 0) {
    // Without protected headers the sender stands outside, unsigned: only an address the key itself names counts.
    if (mail.from === null) return 'sender-missing';
    return certificate.addresses.includes(mail.from.address) ? mail.from : 'sender-mismatch';
  }
  const inner = fromField(read.fields);
  if (inner === null) return 'sender-missing';
  return inner.address === mail.from?.address ? inner : 'sender-mismatch';
}

/** Whether the signing key claims the address: in a user id, or in the Autocrypt header it signed. */
function owns(certificate: Certificate, read: ReadMail, address: string): boolean {
  if (certificate.addresses.includes(address)) return true;
  return valuesOf(read.fields, 'autocrypt').some((value) => parseAutocrypt(value)?.address === address);
}

/** Adds how far the header was protected to the evidence of a mail. */
function withHeaderProtection(evidence: Evidence, read: ReadMail): Evidence {
  const { parameters } = readParameters(onlyValue(read.fields, 'content-type') ?? '');
  const hp = parameters.get('hp') === 'cipher';
  const older = parameters.get('protected-headers') === 'v1';
  const value = hp ? 'RFC 9788' : older ? 'protected-headers' : 'none';
  return { ...evidence, details: [...evidence.details, { name: 'header-protection', value }] };
}
