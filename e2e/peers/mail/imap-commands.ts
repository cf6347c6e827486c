import { mailboxOf } from './accounts.ts';
import type { Account } from './accounts.ts';
import { parseDate } from './imap-fetch.ts';
import { copyMails, expungeMails, fetchMails, searchMails, storeFlags } from './imap-mails.ts';
import { openSelection } from './imap-selection.ts';
import { login } from './imap-session.ts';
import type { ImapSession, Reply, RunCommand } from './imap-session.ts';
import { quote, textOf, textsOf } from './imap-syntax.ts';
import type { Value } from './imap-syntax.ts';
import { createMailbox } from './mailbox.ts';
import type { Mailbox } from './mailbox.ts';

/** What the server announces without options. */
export const IMAP_CAPABILITIES =
  'IMAP4rev1 SASL-IR LITERAL+ ID ENABLE IDLE NAMESPACE UIDPLUS MOVE UNSELECT CHILDREN SPECIAL-USE CONDSTORE QUOTA METADATA AUTH=PLAIN'.split(
    ' ',
  );

const FLAGS = '\\Answered \\Flagged \\Deleted \\Seen \\Draft';
const DONE: Reply = { status: 'OK', text: 'completed' };
const no = (text: string): Reply => ({ status: 'NO', text });
const bad = (text: string): Reply => ({ status: 'BAD', text });

/** Commands that must not tell of removed mails: the client counts by message number meanwhile (RFC 9051 §7.5.1). */
const QUIET = new Set(['FETCH', 'STORE', 'SEARCH']);

/** Runs any IMAP command that does not change how the stream is read. */
export const runImapCommand: RunCommand = async (session, name, args) => {
  const { selected } = session;
  if (!QUIET.has(name)) selected?.announce();
  const reply = await dispatch(session, name, args);
  if (!QUIET.has(name) && session.selected === selected) selected?.announce();
  return reply;
};

function dispatch(session: ImapSession, name: string, args: readonly Value[]): Reply | Promise<Reply> {
  switch (name) {
    case 'CAPABILITY':
      session.send(`* CAPABILITY ${session.service.capabilities}`);
      return DONE;
    case 'NOOP':
      return DONE;
    case 'ID':
      session.send('* ID ("name" "Plainseal test server")');
      return DONE;
    case 'LOGIN':
      return login(session, textOf(args[0]) ?? '', textOf(args[1]) ?? '');
  }
  if (session.account === null) return bad('not authenticated');
  return withAccount(session, session.account, name, args);
}

function withAccount(
  session: ImapSession,
  account: Account,
  name: string,
  args: readonly Value[],
): Reply | Promise<Reply> {
  const target = textOf(args[0]) ?? '';
  switch (name) {
    case 'ENABLE':
      session.send(
        `* ENABLED${args.some((one) => /^condstore$/i.test(textOf(one) ?? '')) ? ' CONDSTORE' : ''}`,
      );
      return DONE;
    case 'NAMESPACE':
      session.send('* NAMESPACE (("" "/")) NIL NIL');
      return DONE;
    case 'LIST':
    case 'LSUB':
      return list(session, account, name, args);
    case 'CREATE':
      if (mailboxOf(account, target) !== undefined) return no('[ALREADYEXISTS] exists');
      account.mailboxes.set(target, createMailbox(target));
      return DONE;
    case 'DELETE':
      return account.mailboxes.delete(target) ? DONE : no('[NONEXISTENT] no such mailbox');
    case 'SUBSCRIBE':
    case 'UNSUBSCRIBE':
      return DONE;
    case 'STATUS':
      return withMailbox(account, target, (mailbox) => status(session, mailbox, textsOf(args[1])));
    case 'SELECT':
    case 'EXAMINE':
      return open(session, mailboxOf(account, target), name === 'EXAMINE');
    case 'APPEND':
      return append(mailboxOf(account, target), args.slice(1));
    case 'GETQUOTAROOT':
      return quota(session, account, target);
    case 'GETMETADATA':
      return getMetadata(session, account, args);
    case 'SETMETADATA':
      return setMetadata(account, args[1]);
  }
  const { selected } = session;
  if (selected === null) return bad(`unknown command or no mailbox selected: ${name}`);
  const command = name.replace(/^UID /, '');
  const byUid = command !== name;
  switch (command) {
    case 'CHECK':
      return DONE;
    case 'UNSELECT':
    case 'CLOSE':
      selected.close();
      session.selected = null;
      if (command === 'CLOSE' && !selected.readOnly) expungeMails(selected, null);
      return DONE;
    case 'EXPUNGE':
      if (selected.readOnly) return no('[READ-ONLY] mailbox is read-only');
      return expungeMails(selected, byUid ? target : null);
    case 'FETCH':
      return fetchMails(session, selected, byUid, args);
    case 'STORE':
      return storeFlags(session, selected, byUid, args);
    case 'COPY':
    case 'MOVE':
      return withMailbox(
        account,
        textOf(args[1]) ?? '',
        (mailbox) => copyMails(session, selected, byUid, target, mailbox, command === 'MOVE'),
        '[TRYCREATE] no such mailbox',
      );
    case 'SEARCH':
      return searchMails(session, selected, byUid, args);
    default:
      return bad(`unknown command ${name}`);
  }
}

function withMailbox(
  account: Account,
  name: string,
  then: (mailbox: Mailbox) => Reply,
  missing = '[NONEXISTENT] no such mailbox',
): Reply {
  const mailbox = mailboxOf(account, name);
  return mailbox === undefined ? no(missing) : then(mailbox);
}

function list(session: ImapSession, account: Account, name: string, args: readonly Value[]): Reply {
  const [, pattern] = args.filter(({ kind }) => kind !== 'list').map(textOf);
  if (!pattern) {
    session.send(`* ${name} (\\Noselect) "/" ""`);
    return DONE;
  }
  const escaped = pattern
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/%/g, '[^/]*');
  const wanted = new RegExp(`^${escaped}$`, 'i');
  for (const mailbox of account.mailboxes.values()) {
    if (!wanted.test(mailbox.name)) continue;
    const use = mailbox.specialUse === null ? '' : ` ${mailbox.specialUse}`;
    session.send(`* ${name} (\\HasNoChildren${use}) "/" ${quote(mailbox.name)}`);
  }
  return DONE;
}

function status(session: ImapSession, mailbox: Mailbox, items: readonly string[]): Reply {
  const values: Readonly<Record<string, () => number>> = {
    MESSAGES: () => mailbox.uids().length,
    RECENT: () => 0,
    UIDNEXT: () => mailbox.uidNext(),
    UIDVALIDITY: () => mailbox.uidValidity(),
    UNSEEN: () => mailbox.uids().filter((uid) => mailbox.get(uid)?.flags.has('\\Seen') !== true).length,
    HIGHESTMODSEQ: () => mailbox.highestModseq(),
    SIZE: () => mailbox.size(),
  };
  const parts: string[] = [];
  for (const item of items.map((one) => one.toUpperCase())) {
    const value = values[item];
    if (value === undefined) return bad(`unknown STATUS item ${item}`);
    parts.push(`${item} ${value()}`);
  }
  session.send(`* STATUS ${quote(mailbox.name)} (${parts.join(' ')})`);
  return DONE;
}

function open(session: ImapSession, mailbox: Mailbox | undefined, readOnly: boolean): Reply {
  session.selected?.close();
  session.selected = null;
  if (mailbox === undefined) return no('[NONEXISTENT] no such mailbox');
  session.selected = openSelection(session, mailbox, readOnly);
  session.send(`* FLAGS (${FLAGS})`);
  session.send(`* OK [PERMANENTFLAGS (${readOnly ? '' : `${FLAGS} \\*`})] flags that can be kept`);
  session.send(`* ${mailbox.uids().length} EXISTS`);
  session.send('* 0 RECENT');
  session.send(`* OK [UIDVALIDITY ${mailbox.uidValidity()}] valid`);
  // Delta Chat core compares this value across SELECTs to learn what it missed.
  session.send(`* OK [UIDNEXT ${mailbox.uidNext()}] next`);
  session.send(`* OK [HIGHESTMODSEQ ${mailbox.highestModseq()}] highest`);
  return { status: 'OK', text: readOnly ? '[READ-ONLY] examined' : '[READ-WRITE] selected' };
}

function append(mailbox: Mailbox | undefined, args: readonly Value[]): Reply {
  if (mailbox === undefined) return no('[TRYCREATE] no such mailbox');
  const literal = args.at(-1);
  if (literal?.kind !== 'literal') return bad('no message literal');
  const flags = textsOf(args.find(({ kind }) => kind === 'list'));
  const date = args.find(({ kind }) => kind === 'quoted');
  const receivedAt = date === undefined ? Date.now() : parseDate(textOf(date) ?? '');
  if (receivedAt === null) return bad('malformed date');
  const { uid } = mailbox.add(literal.bytes, flags, receivedAt);
  return { status: 'OK', text: `[APPENDUID ${mailbox.uidValidity()} ${uid}] appended` };
}

function quota(session: ImapSession, account: Account, name: string): Reply {
  const used = [...account.mailboxes.values()].reduce((sum, mailbox) => sum + mailbox.size(), 0);
  const kilobytes = (bytes: number): number => Math.ceil(bytes / 1024);
  session.send(`* QUOTAROOT ${quote(name)} "User quota"`);
  session.send(`* QUOTA "User quota" (STORAGE ${kilobytes(used)} ${kilobytes(session.service.quotaBytes)})`);
  return DONE;
}

function getMetadata(session: ImapSession, account: Account, args: readonly Value[]): Reply {
  const isOption = (value: Value): boolean =>
    value.kind === 'list' && /^(depth|maxsize)$/i.test(textOf(value.items[0]) ?? '');
  const [name, entries] = args.filter((value) => !isOption(value));
  const mailbox = textOf(name) ?? '';
  const source = mailbox === '' ? session.service.metadata : account.metadata;
  const found = textsOf(entries).flatMap((entry) => {
    const value = source.get(entry);
    return value === undefined ? [] : [`${quote(entry)} ${quote(value)}`];
  });
  if (found.length > 0) session.send(`* METADATA ${quote(mailbox)} (${found.join(' ')})`);
  return DONE;
}

function setMetadata(account: Account, entries: Value | undefined): Reply {
  const texts = textsOf(entries);
  if (texts.length % 2 !== 0) return bad('entries and values do not pair up');
  for (let at = 0; at < texts.length; at += 2) account.metadata.set(texts[at] ?? '', texts[at + 1] ?? '');
  return DONE;
}
