import type { AccountId, ConversationId, Millis } from '../../shared/ids.ts';
import type { Content } from '../../shared/contract/content.ts';
import type { Evidence } from '../../shared/label/evidence.ts';
import type { FailureCode, Intent, OutboxItem, Stored } from '../../shared/lane/intent.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import type { Work } from '../../shared/lane/state.ts';
import { formatAutocrypt } from '../../crypto/openpgp/autocrypt.ts';
import { fingerprintOf, type Fingerprint } from '../../crypto/openpgp/certificate.ts';
import { sealFor } from '../../crypto/openpgp/engine.ts';
import { peerCertificate } from '../../crypto/openpgp/keyring.ts';
import { sealWithPassword } from '../../crypto/openpgp/password.ts';
import type { Self } from './account-record.ts';
import { bodyText, CHAT_VERSION, DELETE_TEXT, EDIT_MARK, MAX_FILES_BYTES, replyFields } from './chat.ts';
import { forecastFor, trustIn } from './correspondent.ts';
import { plainFacts } from './facts.ts';
import type { HeaderLine } from './header-field.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { plainLetter, protectLetter, type Letter, type LetterBody, type LetterFile } from './letter.ts';
import { otherOfConversation, type Other } from './names.ts';
import { wrapEncrypted } from './pgp-mime.ts';
import { formatReaction } from './reaction.ts';
import { readMailRecord, readPeer, readPlain, writeMailRecord, type PeerRecord } from './records.ts';
import { inviteSecret } from './secure-join/link.ts';
import { readJoin } from './secure-join/join-record.ts';
import {
  confirmLetter,
  isPasswordOp,
  keyLetter,
  proofLetter,
  readProtocolData,
  requestKeyLetter,
  type JoinData,
} from './secure-join/letters.ts';

/** What composing works with. */
export interface Composing {
  readonly account: AccountId;
  readonly self: Self;
  readonly work: Work;
  readonly now: Millis;
  readonly files: Pick<LaneContext['files'], 'read'>;
  readonly random: () => number;
}

/** How an intent becomes bytes, or why it does not. */
export type Composed =
  | {
      readonly kind: 'composed';
      readonly artifact: Stored;
      readonly evidence: Evidence | null;
      /** Forecasts that go along. */
      readonly ledger: Ledger;
    }
  | { readonly kind: 'held'; readonly hold: 'no-key'; readonly ledger: Ledger }
  | { readonly kind: 'failed'; readonly failure: FailureCode }
  /** There is nothing to send: nobody asked for this receipt. */
  | { readonly kind: 'void' };

const failed = (failure: FailureCode): Composed => ({ kind: 'failed', failure });

/** The identity of an artifact sealed under an invitation's secret, and of one not sealed at all. */
export const PASSWORD_IDENTITY = 'secure-join';
export const PLAIN_IDENTITY = 'none';

/** Makes the one mail of an intent. Reads and writes through the work only; nothing leaves the machine. */
export async function compose(composing: Composing, intent: OutboxItem['intent']): Promise<Composed> {
  const { what } = intent;
  if (what.kind === 'protocol') return composeStep(composing, intent, what);
  if (intent.conversation === null) return failed('not-possible');
  const other = otherOfConversation(composing.account, intent.conversation);
  if (other === null) return failed('not-possible');
  const body = await bodyOf(composing, other, what);
  if (typeof body === 'string') return body === 'void' ? { kind: 'void' } : failed(body);
  return other.kind === 'key'
    ? composeSealed(composing, other.fingerprint, intent, body)
    : composePlain(composing, intent.conversation, other.address, intent, body);
}

interface Body {
  readonly body: LetterBody;
  readonly fields: readonly HeaderLine[];
}

type What = Exclude<Intent['what'], { kind: 'protocol' }>;

async function bodyOf(composing: Composing, other: Other, what: What): Promise<Body | FailureCode | 'void'> {
  const sealed = other.kind === 'key';
  const { address } = composing.self.account;
  switch (what.kind) {
    case 'content':
      return contentBody(
        composing,
        what.content,
        sealed ? [['Chat-Disposition-Notification-To', address]] : [],
      );
    case 'reaction':
      if (!sealed) return 'not-possible';
      return {
        body: { kind: 'text', text: formatReaction(what.emoji), disposition: 'reaction' },
        fields: replyFields(what.target),
      };
    case 'edit': {
      if (!sealed || what.content.files.length > 0) return 'not-possible';
      const text = `${EDIT_MARK}${bodyText(what.content.text)}`;
      return {
        body: { kind: 'text', text },
        fields: [['Chat-Edit', `<${what.target}>`], ...replyFields(what.target)],
      };
    }
    case 'delete':
      if (!sealed) return 'not-possible';
      return { body: { kind: 'text', text: DELETE_TEXT }, fields: [['Chat-Delete', `<${what.target}>`]] };
    case 'receipt':
      return sealed ? receiptBody(composing, other.fingerprint, what.of) : 'void';
  }
}

async function contentBody(
  composing: Composing,
  content: Content,
  fields: readonly HeaderLine[],
): Promise<Body | FailureCode> {
  const files: LetterFile[] = [];
  let total = 0;
  for (const file of content.files) {
    const { meta, bytes } = await composing.files.read(file);
    total += bytes.length;
    if (total > MAX_FILES_BYTES) return 'too-large';
    files.push({ name: meta.name, type: meta.type, bytes });
  }
  const text = bodyText(content.text);
  return {
    body: files.length === 0 ? { kind: 'text', text } : { kind: 'files', text, files },
    fields: [...(content.quote === undefined ? [] : replyFields(content.quote)), ...fields],
  };
}

/** A receipt for those messages whose writer, this peer, asked for one and has none yet. */
async function receiptBody(
  { work }: Composing,
  fingerprint: Fingerprint,
  of: readonly string[],
): Promise<Body | 'void'> {
  const asked: string[] = [];
  for (const messageId of of) {
    const record = await readMailRecord(work, messageId);
    if (record?.from !== fingerprint || !record.wantsReceipt) continue;
    writeMailRecord(work, messageId, { ...record, wantsReceipt: false });
    asked.push(messageId.split('|')[0] ?? messageId);
  }
  if (asked.length === 0) return 'void';
  return { body: { kind: 'receipt', of: asked }, fields: [['Auto-Submitted', 'auto-replied']] };
}

function letterFor(
  composing: Composing,
  to: string,
  intent: Intent,
  body: Body,
  fields: readonly HeaderLine[],
): Letter {
  const { address, displayName } = composing.self.account;
  return {
    from: { address, name: displayName },
    to,
    subject: `Message from ${displayName === '' ? address : displayName}`,
    messageId: intent.what.key,
    sentAt: intent.sentAt,
    fields: [...body.fields, ...fields],
    body: body.body,
  };
}

const ownAutocrypt = ({ self }: Composing): HeaderLine => [
  'Autocrypt',
  formatAutocrypt({
    address: self.account.address,
    keydata: self.key.certificate.bytes,
    preferEncrypt: 'mutual',
  }),
];

async function composeSealed(
  composing: Composing,
  fingerprint: Fingerprint,
  intent: Intent,
  body: Body,
): Promise<Composed> {
  const { work, account, now } = composing;
  const peer = await readPeer(work, fingerprint);
  const ledger = createLedger();
  if (peer === null) return { kind: 'held', hold: 'no-key', ledger };
  // Receipts carry no key (as Delta Chat's): they say nothing but that something was shown.
  const key = body.body.kind === 'receipt' ? [] : [ownAutocrypt(composing)];
  const letter = letterFor(composing, peer.address, intent, body, [CHAT_VERSION, ...key]);
  const sealed = await sealLetter(composing, letter, fingerprint, peer);
  await forecastFor(work, ledger, account, fingerprint, now);
  if (sealed === null) return { kind: 'held', hold: 'no-key', ledger };
  await noteMine(work, intent.what.key, fingerprint);
  const artifact = {
    to: peer.address,
    identity: fingerprint,
    bytes: sealed.bytes,
    outcome: 'pending' as const,
  };
  return { kind: 'composed', artifact, evidence: sealed.evidence, ledger };
}

/** Files a mail of mine, so that receipts, bounces and borrowed Message-IDs are judged by it. */
async function noteMine(work: Work, messageId: string, to: string): Promise<void> {
  await readMailRecord(work, messageId);
  writeMailRecord(work, messageId, { from: 'me', to, wantsReceipt: false });
}

async function sealLetter(
  composing: Composing,
  letter: Letter,
  fingerprint: Fingerprint,
  peer: PeerRecord | null,
): Promise<{ readonly bytes: Uint8Array; readonly evidence: Evidence } | null> {
  const { work, now, random } = composing;
  // Thunderbird cannot read mail that names no recipient, so only chat programs get that.
  const hidden = peer?.chat === true;
  const { outer, inner } = protectLetter(letter, { hidden, chatVersion: hidden, now, random: random() });
  const to = [{ fingerprint, trust: trustIn(peer) }];
  const sealed = await sealFor(work, { plaintext: inner, to, hideRecipients: hidden, compress: true, now });
  if (sealed.kind === 'refused') return null;
  const details = [...sealed.evidence.details, { name: 'header-protection' as const, value: 'RFC 9788' }];
  return { bytes: wrapEncrypted(outer, sealed.armored), evidence: { ...sealed.evidence, details } };
}

async function composePlain(
  composing: Composing,
  conversation: ConversationId,
  address: string,
  intent: Intent,
  body: Body,
): Promise<Composed> {
  const { work, self, now } = composing;
  // Nobody agreed to write to this address in the clear.
  if ((await readPlain(work, address)) === null) return failed('not-possible');
  const facts = plainFacts(self.account.address, address, now);
  const letter = letterFor(composing, address, intent, body, [CHAT_VERSION, ownAutocrypt(composing)]);
  const ledger = createLedger();
  ledger.forecasts.push({ conversation, facts: [facts], hold: null });
  await noteMine(work, intent.what.key, address);
  return {
    kind: 'composed',
    artifact: { to: address, identity: PLAIN_IDENTITY, bytes: plainLetter(letter), outcome: 'pending' },
    evidence: { how: 'in-the-clear', at: now, from: self.account.address, facts: [facts], details: [] },
    ledger,
  };
}

/** A step of SecureJoin out of its outbox data. A step whose invitation is over fails: nothing is sent for it any more. */
async function composeStep(
  composing: Composing,
  intent: Intent,
  what: Extract<Intent['what'], { kind: 'protocol' }>,
): Promise<Composed> {
  const data = readProtocolData(what.data);
  if (data === null) return failed('damaged');
  const join = await readJoin(composing.work, data.auth);
  if (join === null || join.expiresAt <= composing.now) return failed('not-possible');
  const { account, key } = composing.self;
  const to = data.to ?? join.address;
  const common = { account, own: key.certificate, to, messageId: what.key, sentAt: intent.sentAt };
  if (isPasswordOp(what.op)) {
    const isRequest = what.op === 'secure-join/vc-request-pubkey';
    const letter = isRequest ? requestKeyLetter(common, data.auth) : keyLetter(common, data.auth);
    const secret = inviteSecret(join.fingerprint, data.auth);
    return composeSecret(composing, letter, secret, !isRequest);
  }
  return composeProof(composing, what, data, common);
}

async function composeSecret(
  composing: Composing,
  letter: Letter,
  password: string,
  signed: boolean,
): Promise<Composed> {
  const { now, random, self } = composing;
  const { outer, inner } = protectLetter(letter, { hidden: true, chatVersion: false, now, random: random() });
  const armored = await sealWithPassword({ plaintext: inner, password, from: signed ? self.key : null, now });
  if (armored === null) return { kind: 'held', hold: 'no-key', ledger: createLedger() };
  const bytes = wrapEncrypted(outer, armored);
  const artifact = { to: letter.to, identity: PASSWORD_IDENTITY, bytes, outcome: 'pending' as const };
  return { kind: 'composed', artifact, evidence: null, ledger: createLedger() };
}

async function composeProof(
  composing: Composing,
  what: Extract<Intent['what'], { kind: 'protocol' }>,
  data: JoinData,
  common: Parameters<typeof proofLetter>[0],
): Promise<Composed> {
  const { work, now } = composing;
  const fingerprint = fingerprintOf(data.fingerprint ?? '');
  const certificate = fingerprint === null ? null : await peerCertificate(work, fingerprint, now);
  if (fingerprint === null || certificate === null) return failed('damaged');
  const letters = {
    'secure-join/vc-request-with-auth': true,
    'secure-join/vc-contact-confirm': false,
  } as const;
  if (!(what.op in letters)) return failed('damaged');
  const letter =
    what.op === 'secure-join/vc-request-with-auth'
      ? proofLetter(common, data.auth, certificate)
      : confirmLetter(common, certificate);
  const sealed = await sealLetter(composing, letter, fingerprint, await readPeer(work, fingerprint));
  if (sealed === null) return { kind: 'held', hold: 'no-key', ledger: createLedger() };
  const artifact = { to: common.to, identity: fingerprint, bytes: sealed.bytes, outcome: 'pending' as const };
  return { kind: 'composed', artifact, evidence: sealed.evidence, ledger: createLedger() };
}
