import { lowerBound } from './sequence-set.ts';

/** A stored mail. `receivedAt` is the internal date in epoch ms; flags are as written by clients (`\Seen`, `$Forwarded`). */
export interface StoredMail {
  readonly uid: number;
  readonly raw: Buffer;
  readonly receivedAt: number;
  readonly flags: ReadonlySet<string>;
  readonly modseq: number;
}

/** What listeners of a mailbox are told. `by` is whoever caused it, so that they can skip their own changes. */
export type MailboxChange =
  | { readonly kind: 'added'; readonly uid: number }
  | { readonly kind: 'removed'; readonly uids: readonly number[] }
  | { readonly kind: 'flags'; readonly uid: number; readonly by: object | null }
  /** UIDVALIDITY changed: everything known about UIDs is void. */
  | { readonly kind: 'invalidated' };

/** One mailbox. UIDs ascend and are never used twice within one UIDVALIDITY (RFC 9051 §2.3.1.1). */
export interface Mailbox {
  readonly name: string;
  readonly specialUse: string | null;
  uidValidity(): number;
  uidNext(): number;
  highestModseq(): number;
  /** All UIDs, ascending. A live view: copy it to keep it. */
  uids(): readonly number[];
  /** Bytes of all mails together. */
  size(): number;
  get(uid: number): StoredMail | undefined;
  add(raw: Buffer, flags?: Iterable<string>, receivedAt?: number): StoredMail;
  remove(uids: readonly number[]): void;
  setFlags(uid: number, flags: Iterable<string>, by?: object | null): void;
  /** Begins a new UIDVALIDITY and numbers the mails anew from 1. */
  invalidate(): void;
  /** Calls `listener` on each change; gives the way to stop. */
  listen(listener: (change: MailboxChange) => void): () => void;
}

const FIRST_UID_VALIDITY = 1_000;

/** An empty mailbox. */
export function createMailbox(name: string, specialUse: string | null = null): Mailbox {
  const listeners = new Set<(change: MailboxChange) => void>();
  let mails = new Map<number, StoredMail>();
  let uids: number[] = [];
  let uidNext = 1;
  let uidValidity = FIRST_UID_VALIDITY;
  let modseq = 1;
  let size = 0;

  const tell = (change: MailboxChange): void => {
    for (const listener of listeners) listener(change);
  };

  return {
    name,
    specialUse,
    uidValidity: () => uidValidity,
    uidNext: () => uidNext,
    highestModseq: () => modseq,
    uids: () => uids,
    size: () => size,
    get: (uid) => mails.get(uid),

    add(raw, flags = [], receivedAt = Date.now()) {
      modseq += 1;
      const mail: StoredMail = { uid: uidNext, raw, receivedAt, flags: new Set(flags), modseq };
      uidNext += 1;
      mails.set(mail.uid, mail);
      uids.push(mail.uid);
      size += raw.length;
      tell({ kind: 'added', uid: mail.uid });
      return mail;
    },

    remove(gone) {
      const removed = gone.filter((uid) => mails.has(uid)).sort((a, b) => a - b);
      if (removed.length === 0) return;
      for (const uid of removed) {
        size -= mails.get(uid)?.raw.length ?? 0;
        mails.delete(uid);
      }
      const first = removed[0];
      if (removed.length === 1 && first !== undefined) uids.splice(lowerBound(uids, first), 1);
      else uids = uids.filter((uid) => mails.has(uid));
      modseq += 1;
      tell({ kind: 'removed', uids: removed });
    },

    setFlags(uid, flags, by = null) {
      const mail = mails.get(uid);
      if (mail === undefined) return;
      modseq += 1;
      mails.set(uid, { ...mail, flags: new Set(flags), modseq });
      tell({ kind: 'flags', uid, by });
    },

    invalidate() {
      uidValidity += 1;
      const old = [...mails.values()];
      mails = new Map(old.map((mail, at) => [at + 1, { ...mail, uid: at + 1 }]));
      uids = [...mails.keys()];
      uidNext = uids.length + 1;
      modseq += 1;
      tell({ kind: 'invalidated' });
    },

    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
