import type { ConversationId } from '../../shared/ids.ts';
import type { Database } from '../database.ts';
import { indexWords, wordsOf } from '../search.ts';

/** Rows for the tests of storage/: an account and a conversation of it, by SQL so that they do not lean on a repository. */
export function addConversation(database: Database, id: ConversationId): void {
  database.run(
    `INSERT INTO account (id, network, address, display_name, environment, created_at)
     VALUES ('a', 'email', 'me@example.org', 'Me', 'test', 1) ON CONFLICT DO NOTHING`,
  );
  database.run(
    `INSERT INTO conversation (id, account, network, protocol, kind, state, last_at)
     VALUES (?, 'a', 'email', 'openpgp', 'direct', 'active', 1)`,
    id,
  );
}

/** A message with its search words. */
export function addMessage(
  database: Database,
  message: { readonly id: number; readonly conversation: ConversationId; readonly text: string },
): void {
  database.run(
    `INSERT INTO message (id, conversation, account, key, kind, sent_at, received_at, content)
     VALUES (?, ?, 'a', ?, 'message', 1, 1, ?)`,
    message.id,
    message.conversation,
    `key-${message.id}`,
    JSON.stringify({ text: message.text, ranges: [], files: [] }),
  );
  indexWords(database, message.id, wordsOf(message.text));
}
