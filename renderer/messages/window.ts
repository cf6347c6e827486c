import type { MessageRow } from '../../shared/contract/message.ts';
import type { MessageId } from '../../shared/ids.ts';

/** Rows kept of one conversation; more would make the page slow, fewer make scrolling fetch too often. */
export const MAX_ROWS = 240;
/** Rows of a page, and what is left of those that somebody at the end has no use for: each new row is drawn, and moves all before it. */
export const PAGE = 60;

/** A stretch of a conversation, oldest first, without holes. */
export type Window = {
  readonly rows: readonly MessageRow[];
  readonly moreBefore: boolean;
  readonly moreAfter: boolean;
};

/** Message ids are decimal row ids: compares them as numbers without losing digits. */
export function compareIds(left: MessageId, right: MessageId): number {
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Rows of two lists as one, in order, the fresh one's version of a row winning. */
function together(rows: readonly MessageRow[], fresh: readonly MessageRow[]): readonly MessageRow[] {
  const all = new Map(rows.map((row) => [row.id, row]));
  for (const row of fresh) all.set(row.id, same(all.get(row.id), row));
  return [...all.values()].sort((left, right) => compareIds(left.id, right.id));
}

/** The known row when the fresh one says the same, so that nothing draws again for it. */
function same(known: MessageRow | undefined, fresh: MessageRow): MessageRow {
  return known && JSON.stringify(known) === JSON.stringify(fresh) ? known : fresh;
}

/** A fresh list in place of the known one; rows that say the same keep their identity. */
export function freshRows(known: readonly MessageRow[], fresh: readonly MessageRow[]): readonly MessageRow[] {
  const before = new Map(known.map((row) => [row.id, row]));
  return fresh.map((row) => same(before.get(row.id), row));
}

/** Adds an older page; rows beyond {@link MAX_ROWS} leave at the newer end. */
export function withOlder(window: Window, rows: readonly MessageRow[], moreBefore: boolean): Window {
  const all = together(window.rows, rows);
  const cut = all.length > MAX_ROWS;
  return {
    rows: cut ? all.slice(0, MAX_ROWS) : all,
    moreBefore,
    moreAfter: window.moreAfter || cut,
  };
}

/** Adds a newer page; beyond {@link MAX_ROWS} rows leave at the older end, until `left` are there. */
export function withNewer(
  window: Window,
  rows: readonly MessageRow[],
  moreAfter: boolean,
  left: number = MAX_ROWS,
): Window {
  const all = together(window.rows, rows);
  const cut = all.length > MAX_ROWS;
  return {
    rows: cut ? all.slice(-left) : all,
    moreBefore: window.moreBefore || cut,
    moreAfter,
  };
}

/** Which of some changed messages this window must fetch: those it shows, and those that may have come at its end. */
export function concerned(window: Window, ids: readonly MessageId[]): readonly MessageId[] {
  const first = window.rows[0];
  const shown = new Set(window.rows.map((row) => row.id));
  return ids.filter((id) => {
    if (shown.has(id)) return true;
    if (first && compareIds(id, first.id) < 0) return !window.moreBefore;
    const last = window.rows.at(-1);
    if (last && compareIds(id, last.id) > 0) return !window.moreAfter;
    return true;
  });
}

/**
 * Applies fresh rows of messages that changed: `asked` are the ids that were fetched, what is not among `fresh` is gone.
 * Rows beyond {@link MAX_ROWS} leave at the newer end when `keep` is the start, else at the older one; all but a page of them for somebody who
 * follows what comes.
 */
export function withChanges(
  window: Window,
  asked: readonly MessageId[],
  fresh: readonly MessageRow[],
  keep: 'start' | 'end' | 'following',
): Window {
  const here = new Set(fresh.map((row) => row.id));
  const gone = new Set(asked.filter((id) => !here.has(id)));
  const kept = window.rows.filter((row) => !gone.has(row.id));
  const next = { ...window, rows: kept };
  return keep === 'start'
    ? withOlder(next, fresh, window.moreBefore)
    : withNewer(next, fresh, window.moreAfter, keep === 'following' ? PAGE : MAX_ROWS);
}
