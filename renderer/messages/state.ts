import { needsNewer } from '../../shared/contract/content.ts';
import type { MessageRow } from '../../shared/contract/message.ts';
import type { Millis, NetworkId } from '../../shared/ids.ts';
import { plainLetters, plainName } from '../../shared/words/plain-name.ts';
import { say, words } from '../words.ts';

export type SaidRow = Extract<MessageRow, { kind: 'message' }>;

/** Messages of one author within this time are one turn: only the last shows its time. */
const TURN_MS = 3 * 60_000;

/** What became of a message of mine, in words; null for others' messages. */
export function fate(row: SaidRow, network: NetworkId): string | null {
  const { sending } = row;
  if (!sending) return null;
  if (sending.state === 'read')
    return sending.readAt === null
      ? say('send.read')
      : say('send.read.at', { time: words.clock(sending.readAt) });
  if (sending.state === 'held') return say('message.waiting', { time: words.clock(row.sentAt) });
  return words.sendState(sending.state, network);
}

const MINUTE_MS = 60_000;

/** How long a message still stays, in words and never to the second; null when it stays. */
export function stays({ expires, author }: SaidRow, now: Millis): string | null {
  if (expires === null) return null;
  const { afterMs, at } = expires;
  if (at === null)
    return say(author.me ? 'message.goes.sent' : 'message.goes.read', { span: words.stay(afterMs) });
  const left = at - now;
  return left <= MINUTE_MS ? say('message.goes.soon') : say('message.goes', { span: words.span(left) });
}

/** Whether a state needs the person's eye, so that it is never folded away. */
export function needsLook(row: SaidRow): boolean {
  const state = row.sending?.state;
  return state === 'held' || state === 'failed' || state === 'cancelled';
}

function sameAuthor(left: SaidRow, right: SaidRow): boolean {
  if (left.author.me || right.author.me) return left.author.me === right.author.me;
  return left.author.peer === right.author.peer;
}

/** Whether a message goes on in the turn of the one before it. */
export function continues(before: MessageRow | undefined, row: MessageRow): boolean {
  return (
    before?.kind === 'message' &&
    row.kind === 'message' &&
    sameAuthor(before, row) &&
    row.receivedAt - before.receivedAt < TURN_MS &&
    words.sameDay(before.receivedAt, row.receivedAt)
  );
}

/** When a row is placed in time: what the sender claims never orders the list, nor its day lines. */
export function momentOf(row: MessageRow): number {
  return row.kind === 'message' ? row.receivedAt : row.at;
}

/** Who wrote a message, as a name. */
export function authorName(row: SaidRow): string {
  return row.author.me ? say('message.by-you') : plainName(row.author.name, say('name.none'));
}

/** The first line of a message, for where it is only named. */
export function firstWords(row: SaidRow): string {
  if (needsNewer(row.content)) return say('message.newer-version');
  const line = plainLetters(row.content.text.trim().split('\n', 1)[0] ?? '');
  return line === '' ? (row.files[0]?.name ?? '') : line.slice(0, 200);
}
