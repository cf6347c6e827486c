import type { CallArgs } from '../../shared/contract/calls.ts';
import type { Database } from '../database.ts';
import type { MessageSearch } from '../search.ts';
import { searchMessages } from '../search.ts';
import { findRow } from './conversation-rows.ts';
import { groupMembers } from './group.ts';
import { inboxCounts, inboxPage } from './inbox.ts';
import { liveFacts } from './live-facts.ts';
import { messageDetails, messagePage, messageRows, searchHits } from './messages.ts';
import { contactList, peerRow } from './people.ts';
import { personRow } from './person.ts';

/** A read of the database: a pure function of its rows, so that it gives the same on the reader's and on the writer's connection. */
export type Query = (database: Database, args: never) => unknown;
export type QueryTable = Readonly<Record<string, Query>>;

/** What the reader thread can be asked. Arguments and results are structured-cloneable. */
export const queries = {
  'search.ids': (database: Database, args: MessageSearch) => searchMessages(database, args),
  'inbox.page': inboxPage,
  'inbox.counts': (database: Database, _args: CallArgs<'inbox.counts'>) => inboxCounts(database),
  'conversation.get': (database: Database, args: CallArgs<'conversation.get'>) =>
    findRow(database, args.conversation),
  'conversation.facts': liveFacts,
  'message.page': messagePage,
  'message.rows': messageRows,
  'message.details': messageDetails,
  search: searchHits,
  'group.members': groupMembers,
  'peer.get': peerRow,
  'person.get': personRow,
  'contact.list': contactList,
} as const satisfies QueryTable;
