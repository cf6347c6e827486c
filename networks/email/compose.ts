import type { ConversationId } from '../../shared/ids.ts';
import type { Content } from '../../shared/contract/content.ts';
import type { FailureCode, Intent, OutboxItem } from '../../shared/lane/intent.ts';
import type { Work } from '../../shared/lane/state.ts';
import { formatAutocrypt } from '../../crypto/openpgp/autocrypt.ts';
import type { Fingerprint } from '../../crypto/openpgp/certificate.ts';
import {
  answerText,
  bodyText,
  CHAT_VERSION,
  DELETE_TEXT,
  EDIT_MARK,
  MAX_FILES_BYTES,
  replyFields,
} from './chat.ts';
import { composeStep } from './compose-step.ts';
import { failed, PLAIN_IDENTITY, sealLetter, type Composed, type Composing } from './composed.ts';
import { forecastFor } from './correspondent.ts';
import { plainFacts } from './facts.ts';
import type { HeaderLine } from './header-field.ts';
import { createLedger } from './ledger.ts';
import { plainLetter, type Letter, type LetterBody, type LetterFile } from './letter.ts';
import { otherOfConversation, type Other } from './names.ts';
import { formatReaction } from './reaction.ts';
import { readMailRecord, readPeer, readPlain, writeMailRecord, writePeer } from './records.ts';

/** Makes the one mail of an intent. Reads and writes through the work only; nothing leaves the machine. */
export async function compose(
  composing: Composing,
  { intent, quoted = '' }: Pick<OutboxItem, 'intent' | 'quoted'>,
): Promise<Composed> {
  const { what } = intent;
  if (what.kind === 'protocol') return composeStep(composing, intent, what);
  if (intent.conversation === null) return failed('not-possible');
  const other = otherOfConversation(composing.account, intent.conversation);
  if (other === null) return failed('not-possible');
  const body = await bodyOf(composing, other, what, quoted);
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

async function bodyOf(
  composing: Composing,
  other: Other,
  what: What,
  quoted: string,
): Promise<Body | FailureCode | 'void'> {
  const sealed = other.kind === 'key';
  const { address } = composing.self.account;
  switch (what.kind) {
    case 'content':
      return contentBody(
        composing,
        what.content,
        quoted,
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
      return sealed && what.as === 'read' && what.tell
        ? receiptBody(composing, other.fingerprint, what.of)
        : 'void';
    case 'timer':
    case 'group':
      return 'not-possible';
  }
}

async function contentBody(
  composing: Composing,
  content: Content,
  quoted: string,
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
  const text = content.quote === undefined ? bodyText(content.text) : answerText(quoted, content.text);
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
  const { successor } = peer;
  // Written so that the commit conflicts where yet another key has turned up meanwhile: the person accepted this one.
  if (successor !== null) writePeer(work, fingerprint, peer);
  const key = successor ?? fingerprint;
  const reader = successor === null ? peer : ((await readPeer(work, successor)) ?? peer);
  // Receipts carry no key (as Delta Chat's): they say nothing but that something was shown.
  const autocrypt = body.body.kind === 'receipt' ? [] : [ownAutocrypt(composing)];
  const letter = letterFor(composing, reader.address, intent, body, [CHAT_VERSION, ...autocrypt]);
  const sealed = await sealLetter(composing, letter, key, reader);
  await forecastFor(work, ledger, account, fingerprint, now);
  if (sealed === null) return { kind: 'held', hold: 'no-key', ledger };
  await noteMine(work, intent.what.key, key);
  const artifact = { to: reader.address, identity: key, bytes: sealed.bytes, outcome: 'pending' as const };
  return { kind: 'composed', artifact, evidence: sealed.evidence, ledger };
}

/** Files a mail of mine, so that receipts, bounces and borrowed Message-IDs are judged by it. */
async function noteMine(work: Work, messageId: string, to: string): Promise<void> {
  await readMailRecord(work, messageId);
  writeMailRecord(work, messageId, { from: 'me', to, wantsReceipt: false });
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
