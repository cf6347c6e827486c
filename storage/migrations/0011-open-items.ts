/**
 * What is open of each queue, and nothing that is over: looked at with each message, and written only where an item comes or is over. Its terms
 * are those of `storage/outbox.ts`. Receipts have a queue of their own beside what is said in a conversation. What the
 * protocol sent by itself is found by its age once it is over, and an account's items when it goes.
 */
export const openItems = `
ALTER TABLE outbox ADD COLUMN queue TEXT NOT NULL DEFAULT 'said';
ALTER TABLE outbox ADD COLUMN written_at INTEGER NOT NULL DEFAULT 0;
DROP INDEX outbox_open;
CREATE INDEX outbox_open ON outbox (account, conversation, queue, seq)
  WHERE state <> 'sent' AND state <> 'failed' AND state <> 'cancelled';
CREATE INDEX outbox_over ON outbox (written_at)
  WHERE message IS NULL AND seen_label IS NULL AND (state = 'sent' OR state = 'failed' OR state = 'cancelled');
CREATE INDEX outbox_account ON outbox (account);
`;
