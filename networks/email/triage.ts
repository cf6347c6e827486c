import type { NetworkKey } from '../../shared/ids.ts';
import { senderAutocrypt } from '../../crypto/openpgp/autocrypt.ts';
import { learnCertificate, noteAddress, addressKey } from '../../crypto/openpgp/keyring.ts';
import { isDeliveryReport } from './bounce.ts';
import { MAX_MAIL_BYTES } from './connection.ts';
import { onlyValue, readParameters, valuesOf } from './header-block.ts';
import { readDate } from './header-field.ts';
import { textField } from './mail-read.ts';
import { conversationOfAddress, consumed, setAside, type Arrival, type Receiving } from './receiving.ts';
import { sizeWords } from './size.ts';
import { countHeaderKey, countSkipped, isAnnounced, readPeer, readPlain } from './records.ts';

/** What a body is fetched for. */
export type Wanted = 'sealed' | 'maybe-sealed' | 'report' | 'plain';

/** Delivery reports are short; a large one is somebody's attempt to make us read. */
const REPORT_LIMIT_BYTES = 1024 * 1024;
const PLAIN_LIMIT_BYTES = 8 * 1024 * 1024;
/** Keys larger than this are not taken from an unsigned header. */
const HEADER_KEY_LIMIT_BYTES = 16 * 1024;
/** Keys, and addresses for them, taken from unsigned headers in all: whoever writes under ever new names must not fill the disk with them. */
export const MAX_HEADER_KEYS = 2_000;
const SUBJECT_LIMIT = 500;

/**
 * Decides by its header alone what becomes of a mail. Most plain mail ends here: only what was agreed on is fetched.
 * @returns what to fetch its body for, or null when its outcome stands in the ledger.
 */
export async function triage(receiving: Receiving, mail: Arrival): Promise<Wanted | null> {
  const { work, self } = receiving;
  if (mail.fields.length === 0) {
    await setAside(receiving, mail, 'header-too-large', 'not-opened');
    return null;
  }
  if (mail.from?.address === self.account.address) {
    consumed(receiving, mail);
    return null;
  }
  const { main: type, parameters } = readParameters(onlyValue(mail.fields, 'content-type') ?? '');
  if (type === 'multipart/encrypted') {
    if (valuesOf(mail.fields, 'chat-is-post-message').length > 0) return postMessage(receiving, mail);
    return tooLarge(receiving, mail, MAX_MAIL_BYTES, 'sealed');
  }
  if (isDeliveryReport(type, parameters)) {
    if (mail.size <= REPORT_LIMIT_BYTES) return 'report';
    consumed(receiving, mail);
    return null;
  }
  const address = mail.from?.address ?? null;
  // Servers that rewrite encrypted mail leave its outer type as multipart/mixed: looked into where it may come from somebody with a key.
  const mayBeSealed =
    type === 'multipart/mixed' &&
    (valuesOf(mail.fields, 'chat-version').length > 0 ||
      (address !== null && (await addressKey(work, address)) !== null));
  if (mayBeSealed && mail.size <= MAX_MAIL_BYTES) return 'maybe-sealed';
  return plainMail(receiving, mail);
}

/** A plain mail: shown where the person opened such a conversation, noted where they talk end to end, otherwise counted. */
export async function plainMail(receiving: Receiving, mail: Arrival): Promise<Wanted | null> {
  const { work, ledger, now } = receiving;
  const address = mail.from?.address ?? null;
  await learnFromHeader(receiving, mail);
  const conversation = await conversationOfAddress(receiving, address);
  if (conversation !== null) {
    const subject = textField(mail.fields, 'subject')?.slice(0, SUBJECT_LIMIT) ?? '';
    ledger.changes.push({
      kind: 'note',
      conversation,
      key: `clear:${mail.messageId ?? mail.envelope}` as NetworkKey,
      code: 'arrived-in-the-clear',
      at: now,
      ...(subject === '' ? {} : { quoted: subject }),
    });
  }
  if (address !== null && (await readPlain(work, address)))
    return tooLarge(receiving, mail, PLAIN_LIMIT_BYTES, 'plain');
  if (conversation === null) {
    const count = await countSkipped(work);
    // Core shows it in the account panel.
    ledger.inbound.push({ kind: 'cursor', name: 'plain-mail-skipped', value: String(count) });
  }
  consumed(receiving, mail);
  return null;
}

async function tooLarge(
  receiving: Receiving,
  mail: Arrival,
  limit: number,
  wanted: Wanted,
): Promise<Wanted | null> {
  if (mail.size <= limit) return wanted;
  await setAside(receiving, mail, 'too-large', 'not-fetched', sizeWords(mail.size));
  return null;
}

/**
 * The large half of a message (Delta Chat): not fetched yet. Its pre-message named it in the conversation; where none did, the
 * conversation says that something was left at the server.
 */
async function postMessage(receiving: Receiving, mail: Arrival): Promise<null> {
  const announced = mail.messageId !== null && (await isAnnounced(receiving.work, mail.messageId));
  await setAside(receiving, mail, 'post-message', announced ? null : 'not-fetched', sizeWords(mail.size));
  return null;
}

/**
 * Autocrypt Level 1 for mail without encryption: a key the header offers is kept for the address, where no key is known yet or it is the same one.
 * It proves nothing and replaces nothing.
 */
async function learnFromHeader(receiving: Receiving, mail: Arrival): Promise<void> {
  const { work, now } = receiving;
  if (mail.from === null || valuesOf(mail.fields, 'list-id').length > 0) return;
  const header = senderAutocrypt(valuesOf(mail.fields, 'autocrypt'), mail.from.address);
  if (header === null || header.keydata.length > HEADER_KEY_LIMIT_BYTES) return;
  const known = await addressKey(work, mail.from.address);
  const point = work.savepoint();
  const learned = await learnCertificate(work, header.keydata, now);
  if (learned.kind !== 'learned') return point.drop();
  const { certificate, news } = learned;
  // One key under ever new names would fill the disk as well: an address that nothing was known of takes a place like a key.
  const isNews = news === 'new' || known === null;
  if (isNews && (await countHeaderKey(work)) > MAX_HEADER_KEYS) return point.drop();
  // Header by header a key would outgrow what one of them may bring. Of somebody we know it comes with sealed mail; a revocation always counts.
  if (news === 'updated' && certificate.bytes.length > HEADER_KEY_LIMIT_BYTES) point.drop();
  else point.keep();
  const { fingerprint } = certificate;
  const holder = known && known.fingerprint !== fingerprint ? await readPeer(work, known.fingerprint) : null;
  // Somebody we know by a key loses the address to nobody who merely writes a header.
  if (holder !== null) return;
  const seenAt = readDate(onlyValue(mail.fields, 'date'), now) ?? now;
  await noteAddress(work, mail.from.address, fingerprint, seenAt);
}
