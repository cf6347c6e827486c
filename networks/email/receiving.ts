import type { AccountId, ConversationId, EnvelopeKey, Millis, NetworkKey } from '../../shared/ids.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import type { Work } from '../../shared/lane/state.ts';
import type { Fingerprint } from '../../crypto/openpgp/certificate.ts';
import { addressKey } from '../../crypto/openpgp/keyring.ts';
import type { Self } from './account-record.ts';
import type { Mailbox } from './address.ts';
import { readFields, type Field } from './header-block.ts';
import type { Ledger } from './ledger.ts';
import type { LearnedKeys } from './signer.ts';
import { fromField, messageIdField } from './mail-read.ts';
import { keyConversation } from './names.ts';
import { readMailRecord, readPeer, writeMailRecord, type MailRecord } from './records.ts';

/** What taking in one mail works with. Its writes and changes count only together, in one commit. */
export interface Receiving {
  readonly account: AccountId;
  readonly self: Self;
  readonly work: Work;
  readonly ledger: Ledger;
  readonly now: Millis;
  readonly files: Pick<LaneContext['files'], 'write'>;
  readonly hasRoom: LaneContext['hasRoom'];
  readonly learned: LearnedKeys;
  /** Tells a flow that waits for an invitation. */
  readonly settle: (auth: string, conversation: ConversationId, fingerprint: Fingerprint) => void;
}

/** A mail at the server, as its header shows it. Nothing in it is proven. */
export interface Arrival {
  readonly envelope: EnvelopeKey;
  /** Where the server keeps it, for what is not opened. */
  readonly at: string;
  /** As the server says. */
  readonly size: number;
  readonly arrivedAt: Millis;
  readonly fields: readonly Field[];
  readonly from: Mailbox | null;
  readonly messageId: string | null;
}

/**
 * When the signatures of a mail are judged: by the later of my clock and the server's. A clock of mine that is behind makes nobody's signature one
 * from the future.
 */
export const judgedAt = (now: Millis, { arrivedAt }: Arrival): Millis => Math.max(now, arrivedAt);

/** Reads a header into an arrival; one too large to be read has no fields. */
export function arrival(
  mail: {
    readonly uid: number;
    readonly size: number;
    readonly arrivedAt: Millis;
    readonly header: Uint8Array;
  },
  uidValidity: number,
): Arrival {
  const fields = readFields(mail.header);
  return {
    envelope: `${uidValidity}:${mail.uid}` as EnvelopeKey,
    at: `INBOX;UIDVALIDITY=${uidValidity};UID=${mail.uid}`,
    size: mail.size,
    arrivedAt: mail.arrivedAt,
    fields: fields ?? [],
    from: fields === null ? null : fromField(fields),
    messageId: fields === null ? null : messageIdField(fields),
  };
}

/** The conversation whose peer this address belongs to, as far as an unproven header can name one; null for strangers. */
export async function conversationOfAddress(
  receiving: Receiving,
  address: string | null,
): Promise<ConversationId | null> {
  const known = address === null ? null : await addressKey(receiving.work, address);
  const peer = known === null ? null : await readPeer(receiving.work, known.fingerprint);
  return known !== null && peer?.conversation ? keyConversation(receiving.account, known.fingerprint) : null;
}

export function consumed(receiving: Receiving, of: Arrival): void {
  receiving.ledger.inbound.push({ kind: 'consumed', envelope: of.envelope });
}

/** Nothing of a mail is kept: it is over what is kept of people who were not accepted. It stays on the server. */
export function notKept(receiving: Receiving, of: Arrival, conversation: ConversationId): void {
  receiving.ledger.inbound.push({ kind: 'not-kept', envelope: of.envelope, conversation });
}

/**
 * Sets a mail aside: it stays on the server, and where its header names somebody we talk to, their conversation says that something could not be
 * opened.
 * @param note whether to say so.
 */
export async function setAside(
  receiving: Receiving,
  of: Arrival,
  why: string,
  note: 'not-opened' | 'not-fetched' | null,
  quoted?: string,
): Promise<void> {
  const { ledger, now } = receiving;
  ledger.inbound.push({ kind: 'quarantined', envelope: of.envelope, raw: { at: of.at }, why });
  const conversation =
    note === null ? null : await conversationOfAddress(receiving, of.from?.address ?? null);
  if (note === null || conversation === null) return;
  ledger.changes.push({
    kind: 'note',
    conversation,
    key: `${note}:${of.messageId ?? of.envelope}` as NetworkKey,
    code: note,
    at: now,
    ...(quoted === undefined ? {} : { quoted }),
  });
}

/**
 * The key of a mail: its Message-ID. One that somebody else's mail already has gets the writer's name added, so that a mail with
 * a borrowed Message-ID neither replaces nor hides the other.
 * @returns null for a mail that is here already (the same writer, the same Message-ID).
 */
export async function claimMessageId(
  work: Work,
  messageId: string,
  record: MailRecord,
): Promise<NetworkKey | null> {
  for (const key of [messageId, `${messageId}|${record.from}`]) {
    const known = await readMailRecord(work, key);
    if (known?.from === record.from) return null;
    if (known) continue;
    writeMailRecord(work, key, record);
    return key as NetworkKey;
  }
  return null;
}
