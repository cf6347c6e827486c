import { formatFetch, parseFetchItems } from './imap-fetch.ts';
import { parseSearch } from './imap-search.ts';
import type { Selected } from './imap-selection.ts';
import type { ImapSession, Reply } from './imap-session.ts';
import { textOf, textsOf } from './imap-syntax.ts';
import type { Value } from './imap-syntax.ts';
import type { Mailbox, StoredMail } from './mailbox.ts';
import { formatSequence, indexOfSorted, parseSequenceSet, select } from './sequence-set.ts';

const DONE: Reply = { status: 'OK', text: 'completed' };
const MALFORMED_SET: Reply = { status: 'BAD', text: 'malformed sequence set' };
const READ_ONLY: Reply = { status: 'NO', text: '[READ-ONLY] mailbox is read-only' };
const FILLER = Buffer.alloc(64 * 1024, 'A');

/** The UIDs a set names in the numbering the session knows; null when it is none. */
function resolve({ uids }: Selected, byUid: boolean, text: string | null): readonly number[] | null {
  const set = parseSequenceSet(text ?? '');
  if (set === null) return null;
  if (byUid) return select(set, uids);
  const numbers = uids.map((_uid, at) => at + 1);
  return select(set, numbers).map((number) => uids[number - 1] ?? 0);
}

/** FETCH and UID FETCH, with CHANGEDSINCE (RFC 7162). Waits for a slow client between mails. */
export async function fetchMails(
  session: ImapSession,
  selected: Selected,
  byUid: boolean,
  args: readonly Value[],
): Promise<Reply> {
  const wanted = resolve(selected, byUid, textOf(args[0]));
  if (wanted === null) return MALFORMED_SET;
  const names = textsOf(args[1]);
  const modifiers = args[2]?.kind === 'list' ? textsOf(args[2]).map((one) => one.toUpperCase()) : [];
  const since = modifiers[0] === 'CHANGEDSINCE' ? Number(modifiers[1]) : null;
  const implied = [
    ...(byUid && !names.some((one) => /^uid$/i.test(one)) ? ['UID'] : []),
    ...(since === null ? [] : ['MODSEQ']),
  ];
  const items = parseFetchItems([...names, ...implied]);
  if (items === null || items.length === 0) return { status: 'BAD', text: 'unknown FETCH item' };
  const hasBody = items.some(({ kind }) => kind === 'section');
  const marksSeen = !selected.readOnly && items.some((item) => item.kind === 'section' && item.marksSeen);

  for (const uid of wanted) {
    let mail = selected.mailbox.get(uid);
    if (mail === undefined || (since !== null && mail.modseq <= since)) continue;
    const number = indexOfSorted(selected.uids, uid) + 1;
    const oversized = hasBody
      ? session.service.faults.take('oversized-literal', session.wire.connection.address, () => true)
      : null;
    if (oversized !== null) {
      await sendFiller(session, number, uid, oversized);
      continue;
    }
    if (marksSeen && !mail.flags.has('\\Seen')) {
      selected.mailbox.setFlags(uid, [...mail.flags, '\\Seen'], session);
      mail = selected.mailbox.get(uid) ?? mail;
      session.send(`* ${number} FETCH (FLAGS (${[...mail.flags].join(' ')}))`);
    }
    session.sendBytes(formatFetch(number, mail, items));
    await session.drained();
    if (session.wire.destroyed) break;
  }
  return DONE;
}

/** Announces a literal larger than what follows, then leaves the client waiting. */
async function sendFiller(
  session: ImapSession,
  number: number,
  uid: number,
  { announced, sent }: { readonly announced: number; readonly sent: number },
): Promise<void> {
  session.send(`* ${number} FETCH (UID ${uid} BODY[] {${announced}}`);
  for (let left = Math.min(sent, announced); left > 0 && !session.wire.destroyed; left -= FILLER.length) {
    session.sendBytes(FILLER.subarray(0, left));
    await session.drained();
  }
  if (sent >= announced) session.send(')');
  else
    await new Promise<void>((gone) =>
      session.wire.destroyed ? gone() : session.wire.once('close', () => gone()),
    );
}

/** STORE and UID STORE. */
export function storeFlags(
  session: ImapSession,
  selected: Selected,
  byUid: boolean,
  args: readonly Value[],
): Reply {
  if (selected.readOnly) return READ_ONLY;
  const wanted = resolve(selected, byUid, textOf(args[0]));
  if (wanted === null) return MALFORMED_SET;
  const at = args.findIndex((one) => /^[+-]?FLAGS(\.SILENT)?$/i.test(textOf(one) ?? ''));
  const operation = textOf(args[at])?.toUpperCase();
  if (operation === undefined || at === args.length - 1) return { status: 'BAD', text: 'no flags' };
  const flags = args.slice(at + 1).flatMap(textsOf);

  for (const uid of wanted) {
    const mail = selected.mailbox.get(uid);
    if (mail === undefined) continue;
    selected.mailbox.setFlags(uid, changed(mail.flags, operation, flags), session);
    const now = selected.mailbox.get(uid);
    if (operation.endsWith('.SILENT') || now === undefined) continue;
    const number = indexOfSorted(selected.uids, uid) + 1;
    session.send(`* ${number} FETCH (UID ${uid} FLAGS (${[...now.flags].join(' ')}) MODSEQ (${now.modseq}))`);
  }
  return DONE;
}

function changed(now: ReadonlySet<string>, operation: string, flags: readonly string[]): readonly string[] {
  if (operation.startsWith('+')) return [...now, ...flags];
  if (operation.startsWith('-')) return [...now].filter((flag) => !flags.includes(flag));
  return flags;
}

/** COPY and MOVE, with or without UID; answers with COPYUID (RFC 4315, RFC 6851). */
export function copyMails(
  session: ImapSession,
  selected: Selected,
  byUid: boolean,
  set: string,
  target: Mailbox,
  move: boolean,
): Reply {
  if (move && selected.readOnly) return READ_ONLY;
  const wanted = resolve(selected, byUid, set);
  if (wanted === null) return MALFORMED_SET;
  const mails = wanted.map((uid) => selected.mailbox.get(uid)).filter((mail) => mail !== undefined);
  if (mails.length === 0) return DONE;
  const copies = mails.map(
    ({ raw, flags, receivedAt }: StoredMail) => target.add(raw, flags, receivedAt).uid,
  );
  const from = mails.map(({ uid }) => uid);
  const code = `[COPYUID ${target.uidValidity()} ${formatSequence(from)} ${formatSequence(copies)}]`;
  if (!move) return { status: 'OK', text: `${code} copied` };
  session.send(`* OK ${code} moved`);
  selected.mailbox.remove(from);
  selected.announce();
  return DONE;
}

/** EXPUNGE, and UID EXPUNGE when a set is given: removes the mails flagged as deleted. */
export function expungeMails(selected: Selected, set: string | null): Reply {
  const wanted = set === null ? selected.mailbox.uids() : resolve(selected, true, set);
  if (wanted === null) return MALFORMED_SET;
  selected.mailbox.remove(wanted.filter((uid) => selected.mailbox.get(uid)?.flags.has('\\Deleted') === true));
  return DONE;
}

/** SEARCH and UID SEARCH. */
export function searchMails(
  session: ImapSession,
  selected: Selected,
  byUid: boolean,
  args: readonly Value[],
): Reply {
  const fits = parseSearch(args, selected.uids);
  if (fits === null) return { status: 'BAD', text: 'unknown search key' };
  const found: number[] = [];
  selected.uids.forEach((uid, at) => {
    const mail = selected.mailbox.get(uid);
    if (mail !== undefined && fits(mail)) found.push(byUid ? uid : at + 1);
  });
  session.send(['* SEARCH', ...found].join(' '));
  return DONE;
}
