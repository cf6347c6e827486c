import * as v from 'valibot';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import type { Millis } from '../../shared/ids.ts';
import type { Fingerprint } from '../../crypto/openpgp/certificate.ts';
import { readRecord, writeRecord } from './record.ts';

/*
 * Cells of this lane beside those of the keyring (crypto/openpgp/keyring.ts):
 *   account/settings        how to sign in (account-record.ts)
 *   peer/<fingerprint>      what is known of somebody with a key
 *   plain/<address>         a conversation the person opened without encryption
 *   rival/<address>         keys that spoke for an address that belongs to another key
 *   mail/<Message-ID>       whose mail that was: replays, receipts and bounces are judged by it
 *   post/<Message-ID>       a file announced in a pre-message
 *   join/<token>            SecureJoin (secure-join/)
 *   cursor/INBOX            how far the mailbox was read
 *   count/plain-skipped     mails left unfetched
 *   count/header-keys       keys, and addresses of keys, learnt from headers that nobody signed
 */

/** Somebody with a key. */
export interface PeerRecord {
  /** Where mail to them goes: the address of their newest signed mail. */
  readonly address: string;
  /** Addresses their signed mail came from, newest first. */
  readonly addresses: readonly string[];
  readonly name: string;
  /** Their program is a chat program: hidden recipients and chat fields are understood. */
  readonly chat: boolean;
  readonly checkedAt: Millis | null;
  /** Core knows a conversation with them. */
  readonly conversation: boolean;
  /**
   * The newest other key that spoke for their address. Core holds the conversation until the person has accepted it, so what is sealed here
   * goes to it; null: their own key.
   */
  readonly successor: Fingerprint | null;
  /** When the newest mail that set address and name was written. */
  readonly seenAt: Millis;
}

const peerSchema: v.GenericSchema<unknown, PeerRecord> = v.object({
  address: v.string(),
  addresses: v.array(v.string()),
  name: v.string(),
  chat: v.boolean(),
  checkedAt: v.nullable(v.number()),
  conversation: v.boolean(),
  successor: v.nullable(v.string()),
  seenAt: v.number(),
}) as v.GenericSchema<unknown, PeerRecord>;

const peerCell = (fingerprint: Fingerprint): StateKey => ({ space: 'peer', key: fingerprint });

export function readPeer(work: Pick<Work, 'get'>, fingerprint: Fingerprint): Promise<PeerRecord | null> {
  return readRecord(work, peerCell(fingerprint), peerSchema);
}

/** Writes a peer that was read through the same work. */
export function writePeer(work: Work, fingerprint: Fingerprint, peer: PeerRecord): void {
  writeRecord(work, peerCell(fingerprint), peer);
}

/** A conversation without encryption that the person opened. */
export interface PlainRecord {
  readonly consentedAt: Millis;
}

const plainSchema: v.GenericSchema<unknown, PlainRecord> = v.object({ consentedAt: v.number() });
const plainCell = (address: string): StateKey => ({ space: 'plain', key: address });

export function readPlain(work: Pick<Work, 'get'>, address: string): Promise<PlainRecord | null> {
  return readRecord(work, plainCell(address), plainSchema);
}

export function writePlain(work: Work, address: string, plain: PlainRecord): void {
  writeRecord(work, plainCell(address), plain);
}

/** Whose mail a Message-ID names. */
export interface MailRecord {
  /** `me`, a fingerprint, or the address of a plain mail. */
  readonly from: string;
  /** Of my own mail: the fingerprint or address it went to. */
  readonly to: string | null;
  /** Of theirs: they asked for a read receipt and have not got one. */
  readonly wantsReceipt: boolean;
}

const mailSchema: v.GenericSchema<unknown, MailRecord> = v.object({
  from: v.string(),
  to: v.nullable(v.string()),
  wantsReceipt: v.boolean(),
});
const mailCell = (messageId: string): StateKey => ({ space: 'mail', key: messageId });

export function readMailRecord(work: Pick<Work, 'get'>, messageId: string): Promise<MailRecord | null> {
  return readRecord(work, mailCell(messageId), mailSchema);
}

export function writeMailRecord(work: Work, messageId: string, mail: MailRecord): void {
  writeRecord(work, mailCell(messageId), mail);
}

const RIVAL_LIMIT = 32;
const rivalSchema: v.GenericSchema<unknown, readonly string[]> = v.array(v.string());

/**
 * Notes that another key speaks for an address. True the first time for this key: only then is it news, so that nobody can stop a conversation
 * again and again with the same mail. Of many the oldest are forgotten: whoever made them must not hide a key that really is new.
 */
export async function noteRival(work: Work, address: string, fingerprint: Fingerprint): Promise<boolean> {
  const cell: StateKey = { space: 'rival', key: address };
  const known = (await readRecord(work, cell, rivalSchema)) ?? [];
  if (known.includes(fingerprint)) return false;
  writeRecord(work, cell, [...known, fingerprint].slice(-RIVAL_LIMIT));
  return true;
}

const postCell = (messageId: string): StateKey => ({ space: 'post', key: messageId });

/** Whether a large file's pre-message was seen. */
export async function isAnnounced(work: Pick<Work, 'get'>, messageId: string): Promise<boolean> {
  return (await work.get(postCell(messageId))) !== null;
}

/** Notes that a large file's pre-message was seen: by a proven mail alone, as anybody can name a file in a header. */
export async function noteAnnounced(work: Work, messageId: string): Promise<void> {
  if (!(await isAnnounced(work, messageId))) work.put(postCell(messageId), Uint8Array.of(1));
}

/** Adds one to a count kept in decimal digits; gives the new one. */
async function countOne(work: Work, key: string): Promise<number> {
  const cell: StateKey = { space: 'count', key };
  const known = await work.get(cell);
  const count = 1 + (known === null ? 0 : Number(Buffer.from(known).toString('latin1')));
  work.put(cell, Buffer.from(String(count), 'latin1'));
  return count;
}

/** Counts a mail that is left unfetched; gives how many there are. */
export const countSkipped = (work: Work): Promise<number> => countOne(work, 'plain-skipped');
/** Counts what was learnt from a header that nobody signed: a key, an address, or both; gives how many there are. */
export const countHeaderKey = (work: Work): Promise<number> => countOne(work, 'header-keys');

/** How far the INBOX was read. */
export interface Cursor {
  readonly uidValidity: number;
  /** Highest UID whose outcome is committed. */
  readonly uid: number;
  /** When the account was added, by the server's clock where it is known: older mail is left alone when the server numbers everything anew. */
  readonly since: Millis;
  /** The server has numbered everything anew: below this UID there may be mail from before the account. Absent: everything is new. */
  readonly renumberedBelow?: number | undefined;
}

const CURSOR: StateKey = { space: 'cursor', key: 'INBOX' };
const cursorSchema: v.GenericSchema<unknown, Cursor> = v.object({
  uidValidity: v.number(),
  uid: v.number(),
  since: v.number(),
  renumberedBelow: v.optional(v.number()),
});

export function readCursor(work: Pick<Work, 'get'>): Promise<Cursor | null> {
  return readRecord(work, CURSOR, cursorSchema);
}

/** Moves the cursor; it was read through the same work. */
export function writeCursor(work: Work, cursor: Cursor): void {
  writeRecord(work, CURSOR, cursor);
}
