import type { CallArgs, CallResults } from '../../shared/contract/calls.ts';
import type { Database } from '../database.ts';
import {
  conversationRow,
  selectRows,
  type RowRecord,
  type StoredConversationRow,
} from './conversation-rows.ts';

type Filter = CallArgs<'inbox.page'>['filter'];

/** Constant SQL per filter; blocked conversations are in none. */
const filters: Readonly<Record<Filter, string>> = {
  all: "c.archived = 0 AND c.state <> 'blocked'",
  unread: "c.archived = 0 AND c.state <> 'blocked' AND c.unread > 0",
  stopped: "c.state <> 'blocked' AND c.hold IS NOT NULL",
  requests: "c.state = 'request'",
  drafts: 'c.draft IS NOT NULL',
  archived: "c.archived = 1 AND c.state <> 'blocked'",
};

/**
 * One page of the list: pinned first, then the newest, in the order of the index. `before` is the last row of the page
 * before; whether it was pinned is looked up, so that a page always goes on where that row stands now.
 */
export function inboxPage(
  db: Database,
  args: CallArgs<'inbox.page'>,
): { readonly rows: readonly StoredConversationRow[]; readonly more: boolean } {
  const { before, limit } = args;
  const pinned = before
    ? (db.get<{ readonly pinned: number }>('SELECT pinned FROM conversation WHERE id = ?', before.id)
        ?.pinned ?? 0)
    : 2;
  const records = db.all<RowRecord>(
    `${selectRows} WHERE ${filters[args.filter]}
       AND (c.pinned < :pinned OR (c.pinned = :pinned AND (c.last_at < :at OR (c.last_at = :at AND c.id > :id))))
     ORDER BY c.archived, c.pinned DESC, c.last_at DESC, c.id LIMIT :limit`,
    {
      pinned,
      at: before?.at ?? 0,
      id: before?.id ?? '',
      limit: limit + 1,
    },
  );
  return {
    rows: records.slice(0, limit).map((record) => conversationRow(db, record)),
    more: records.length > limit,
  };
}

/** The numbers beside the filters. */
export function inboxCounts(db: Database): CallResults['inbox.counts'] {
  const row = db.get<CallResults['inbox.counts']>(
    `SELECT coalesce(sum(unread * (archived = 0)), 0) AS unread, count(hold) AS stopped,
       coalesce(sum(state = 'request'), 0) AS requests, count(draft) AS drafts
     FROM conversation WHERE state <> 'blocked'`,
  );
  return row ?? { unread: 0, stopped: 0, requests: 0, drafts: 0 };
}
