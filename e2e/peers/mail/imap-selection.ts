import type { Mailbox, MailboxChange } from './mailbox.ts';
import type { ImapSession } from './imap-session.ts';
import { indexOfSorted } from './sequence-set.ts';

/** A mailbox selected by one session, with that session's own message numbering (RFC 9051 §2.3.1.2). */
export interface Selected {
  readonly mailbox: Mailbox;
  readonly readOnly: boolean;
  /** Ascending; the index + 1 is the message number the client knows. */
  readonly uids: readonly number[];
  /** Tells the client what changed since the last time. Not allowed during FETCH, STORE and SEARCH by number. */
  announce(): void;
  /** While on (IDLE), changes are told as they happen. */
  announceAtOnce(on: boolean): void;
  close(): void;
}

/** Selects a mailbox for a session. When its UIDVALIDITY changes the session is ended with BYE. */
export function openSelection(session: ImapSession, mailbox: Mailbox, readOnly: boolean): Selected {
  const uids = [...mailbox.uids()];
  let pending: MailboxChange[] = [];
  let atOnce = false;

  const announce = (): void => {
    const changes = pending;
    pending = [];
    let grown = false;
    const tellGrowth = (): void => {
      if (grown) session.send(`* ${uids.length} EXISTS`);
      grown = false;
    };
    for (const change of changes) {
      if (change.kind === 'added') {
        uids.push(change.uid);
        grown = true;
        continue;
      }
      tellGrowth();
      if (change.kind === 'removed') {
        for (const uid of change.uids) {
          const at = indexOfSorted(uids, uid);
          if (at < 0) continue;
          uids.splice(at, 1);
          session.send(`* ${at + 1} EXPUNGE`);
        }
      } else if (change.kind === 'flags' && change.by !== session) {
        const at = indexOfSorted(uids, change.uid);
        const mail = mailbox.get(change.uid);
        if (at < 0 || mail === undefined) continue;
        session.send(`* ${at + 1} FETCH (UID ${mail.uid} FLAGS (${[...mail.flags].join(' ')}))`);
      }
    }
    tellGrowth();
  };

  const stop = mailbox.listen((change) => {
    if (change.kind === 'invalidated') {
      session.send('* BYE the mailbox was rebuilt');
      session.wire.end();
      return;
    }
    pending.push(change);
    if (atOnce) announce();
  });

  return {
    mailbox,
    readOnly,
    uids,
    announce,
    announceAtOnce(on) {
      atOnce = on;
      if (on) announce();
    },
    close: stop,
  };
}
