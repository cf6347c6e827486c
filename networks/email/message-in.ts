import type { ConversationId, FileId, NetworkKey } from '../../shared/ids.ts';
import { peerId } from '../../shared/ids.ts';
import { MAX_TEXT_LENGTH, type Content } from '../../shared/contract/content.ts';
import type { Evidence } from '../../shared/label/evidence.ts';
import type { Fingerprint } from '../../crypto/openpgp/certificate.ts';
import { EDIT_MARK, readBodyText } from './chat.ts';
import { claimAddress, forecastFor, meetPeer, openConversation } from './correspondent.ts';
import { onlyValue, readMessageIds, valuesOf } from './header-block.ts';
import { readDate } from './header-field.ts';
import { messageIdField, textField, tokenField, type ReadFile, type ReadMail } from './mail-read.ts';
import { readReceipt } from './mdn.ts';
import { readMailboxes } from './address.ts';
import { keyConversation } from './names.ts';
import { readPostMetadata } from './post-message.ts';
import { readReaction } from './reaction.ts';
import { claimMessageId, consumed, setAside, type Arrival, type Receiving } from './receiving.ts';
import { notePostMessage, readMailRecord, readPeer } from './records.ts';

/** A mail whose writer is proven. */
export interface Proven {
  readonly read: ReadMail;
  readonly messageId: string;
  readonly sender: { readonly fingerprint: Fingerprint; readonly address: string; readonly name: string };
  readonly evidence: Evidence;
  /** Their certificate was renewed or revoked by this mail. */
  readonly keyNews: boolean;
}

const DELETE_LIMIT = 100;

/** Takes in a proven mail by what it says it is. */
export async function takeMessage(receiving: Receiving, mail: Arrival, proven: Proven): Promise<void> {
  const { work, ledger, account, now } = receiving;
  const { read, sender, messageId } = proven;
  const { fields } = read;
  if (!isDirect(receiving, read)) return setAside(receiving, mail, 'not-direct', 'not-opened');
  const wantsReceipt = wants(read, sender.address);
  const key = await claimMessageId(work, messageId, { from: sender.fingerprint, to: null, wantsReceipt });
  if (key === null) {
    ledger.inbound.push({ kind: 'duplicate', envelope: mail.envelope });
    return;
  }
  const sentAt = readDate(onlyValue(fields, 'date'), now) ?? Math.min(mail.arrivedAt || now, now);
  await meetPeer(work, ledger, {
    ...sender,
    chat: valuesOf(fields, 'chat-version').length > 0 ? true : null,
    seenAt: sentAt,
  });
  const peer = await readPeer(work, sender.fingerprint);
  if (proven.keyNews && peer?.conversation) await forecastFor(work, ledger, account, sender.fingerprint, now);
  consumed(receiving, mail);
  if (await takeAside(receiving, proven)) return;
  const conversation = await openConversation(work, ledger, {
    account,
    fingerprint: sender.fingerprint,
    state: 'request',
    now,
  });
  await claimAddress(work, ledger, { account, ...sender, seenAt: sentAt, now });
  await takePreMessage(receiving, proven, conversation);
  const content = await contentOf(receiving, read);
  if (content === null) return;
  ledger.changes.push({
    kind: 'message',
    target: { conversation, key },
    author: peerId('email', sender.fingerprint),
    sentAt,
    content,
    evidence: proven.evidence,
  });
}

/** A mail for me alone. Groups, channels and mail with further readers would be shown to be more private than they are. */
function isDirect(receiving: Receiving, read: ReadMail): boolean {
  const { fields } = read;
  if (valuesOf(fields, 'chat-group-id').length > 0 || valuesOf(fields, 'chat-list-id').length > 0)
    return false;
  if (valuesOf(fields, 'list-id').length > 0) return false;
  const readers = [...valuesOf(fields, 'to'), ...valuesOf(fields, 'cc')].flatMap((value) =>
    readMailboxes(value),
  );
  return readers.every(({ address }) => address === receiving.self.account.address);
}

/** They ask for a read receipt, to the address they write from. */
function wants(read: ReadMail, address: string): boolean {
  const values = [
    ...valuesOf(read.fields, 'chat-disposition-notification-to'),
    ...valuesOf(read.fields, 'disposition-notification-to'),
  ];
  return values.flatMap((value) => readMailboxes(value)).some((mailbox) => mailbox.address === address);
}

/** What is about other messages: receipts, reactions, edits, deletions. True when the mail was one of these. */
async function takeAside(receiving: Receiving, proven: Proven): Promise<boolean> {
  const { work, ledger, account, now } = receiving;
  const { read, sender, evidence } = proven;
  const by = peerId('email', sender.fingerprint);
  const conversation = keyConversation(account, sender.fingerprint);
  const known = (await readPeer(work, sender.fingerprint))?.conversation === true;
  const shown = readReceipt(read);
  if (shown !== null) {
    for (const of of shown) {
      const record = await readMailRecord(work, of);
      if (record?.from !== 'me' || record.to !== sender.fingerprint) continue;
      ledger.changes.push({ kind: 'receipt', receipt: { kind: 'read', of: of as NetworkKey, by, at: now } });
    }
    return true;
  }
  const target = messageIdField(read.fields, 'in-reply-to') as NetworkKey | null;
  if (tokenField(read.fields, 'content-disposition') === 'reaction') {
    if (known && target !== null) {
      const emoji = readReaction(read.text);
      ledger.changes.push({ kind: 'reaction', target: { conversation, key: target }, by, emoji, evidence });
    }
    return true;
  }
  const edited = messageIdField(read.fields, 'chat-edit') as NetworkKey | null;
  if (edited !== null) {
    const text = readBodyText(read.text, true).text;
    const words = text.startsWith(EDIT_MARK) ? text.slice(EDIT_MARK.length) : text;
    const content: Content = { text: words.slice(0, MAX_TEXT_LENGTH), ranges: [], files: [] };
    if (known)
      ledger.changes.push({ kind: 'edit', target: { conversation, key: edited }, by, content, evidence });
    return true;
  }
  const deleted = onlyValue(read.fields, 'chat-delete');
  if (deleted === null) return false;
  for (const key of known ? readMessageIds(deleted).slice(0, DELETE_LIMIT) : [])
    ledger.changes.push({ kind: 'delete', target: { conversation, key: key as NetworkKey }, by });
  return true;
}

/** A message whose file comes separately: the conversation names the file that is not fetched. */
async function takePreMessage(
  receiving: Receiving,
  proven: Proven,
  conversation: ConversationId,
): Promise<void> {
  const announced = messageIdField(proven.read.fields, 'chat-post-message-id');
  if (announced === null) return;
  await notePostMessage(receiving.work, announced);
  const quoted = readPostMetadata(onlyValue(proven.read.fields, 'chat-post-message-metadata') ?? '');
  receiving.ledger.changes.push({
    kind: 'note',
    conversation,
    key: `not-fetched:${announced}:announced` as NetworkKey,
    code: 'not-fetched',
    at: receiving.now,
    ...(quoted === null ? {} : { quoted }),
  });
}

/** The words and files of a mail; null when it has neither. */
export async function contentOf(receiving: Receiving, read: ReadMail): Promise<Content | null> {
  const { fields } = read;
  const isChat = valuesOf(fields, 'chat-version').length > 0;
  const words = readBodyText(read.text, isChat);
  const subject = isChat ? '' : (textField(fields, 'subject') ?? '');
  const whole = subject === '' || subject === '...' ? words.text : `${subject}\n\n${words.text}`.trimEnd();
  const files: ReadFile[] = [...read.files];
  // A text too long for a row goes along as a file, so that nothing of it is lost.
  if (whole.length > MAX_TEXT_LENGTH)
    files.push({ name: 'message.txt', type: 'text/plain', bytes: Buffer.from(whole, 'utf8') });
  if (whole === '' && files.length === 0) return null;
  const stored: FileId[] = [];
  for (const { name, type, bytes } of files) stored.push(await receiving.files.write({ name, type }, bytes));
  const quote = messageIdField(fields, 'in-reply-to') as NetworkKey | null;
  const special = specialOf(read);
  return {
    text: whole.slice(0, MAX_TEXT_LENGTH).toWellFormed(),
    ranges: [],
    files: stored,
    ...(quote !== null && (words.quoted || !isChat) ? { quote } : {}),
    ...(special === null ? {} : { special }),
  };
}

function specialOf(read: ReadMail): 'sticker' | 'voice' | null {
  if (read.files.length === 0) return null;
  if (tokenField(read.fields, 'chat-content') === 'sticker') return 'sticker';
  return onlyValue(read.fields, 'chat-voice-message') === '1' ? 'voice' : null;
}
