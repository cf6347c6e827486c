import type { ConversationId, FileId, NetworkKey } from '../../shared/ids.ts';
import { peerId } from '../../shared/ids.ts';
import { MAX_TEXT_LENGTH, type Content } from '../../shared/contract/content.ts';
import type { Evidence } from '../../shared/label/evidence.ts';
import type { Fingerprint } from '../../crypto/openpgp/certificate.ts';
import { asideOf, takeAside } from './aside.ts';
import { readBodyText } from './chat.ts';
import { claimAddress, forecastFor, meetPeer, openConversation } from './correspondent.ts';
import { onlyValue, valuesOf } from './header-block.ts';
import { readDate } from './header-field.ts';
import { messageIdField, textField, tokenField, type ReadFile, type ReadMail } from './mail-read.ts';
import { readMailboxes } from './address.ts';
import { readPostMetadata } from './post-message.ts';
import { claimMessageId, consumed, setAside, type Arrival, type Receiving } from './receiving.ts';
import { noteAnnounced, readPeer } from './records.ts';

/** A mail whose writer is proven. */
export interface Proven {
  readonly read: ReadMail;
  readonly messageId: string;
  readonly sender: { readonly fingerprint: Fingerprint; readonly address: string; readonly name: string };
  readonly evidence: Evidence;
  /** Their certificate was renewed or revoked by this mail. */
  readonly keyNews: boolean;
}

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
  const aside = asideOf(read);
  if (aside !== null)
    return takeAside(receiving, aside, { fingerprint: sender.fingerprint, read, evidence: proven.evidence });
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
export function isDirect(receiving: Receiving, read: ReadMail): boolean {
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

/** A message whose file comes separately: the conversation names the file that is not fetched. */
async function takePreMessage(
  receiving: Receiving,
  proven: Proven,
  conversation: ConversationId,
): Promise<void> {
  const announced = messageIdField(proven.read.fields, 'chat-post-message-id');
  if (announced === null) return;
  await noteAnnounced(receiving.work, announced);
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

/** The words of a mail, with the subject before them where it stands for itself. */
export function wordsOf(read: ReadMail): {
  readonly text: string;
  readonly quoted: boolean;
  readonly isChat: boolean;
} {
  const isChat = valuesOf(read.fields, 'chat-version').length > 0;
  const { text, quoted } = readBodyText(read.text, isChat);
  const subject = isChat ? '' : (textField(read.fields, 'subject') ?? '');
  const whole = subject === '' || subject === '...' ? text : `${subject}\n\n${text}`.trimEnd();
  return { text: whole, quoted, isChat };
}

/** The words and files of a mail; null when it has neither. */
export async function contentOf(receiving: Receiving, read: ReadMail): Promise<Content | null> {
  const { fields } = read;
  const { text: whole, quoted, isChat } = wordsOf(read);
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
    ...(quote !== null && (quoted || !isChat) ? { quote } : {}),
    ...(special === null ? {} : { special }),
  };
}

function specialOf(read: ReadMail): 'sticker' | 'voice' | null {
  if (read.files.length === 0) return null;
  if (tokenField(read.fields, 'chat-content') === 'sticker') return 'sticker';
  return onlyValue(read.fields, 'chat-voice-message') === '1' ? 'voice' : null;
}
