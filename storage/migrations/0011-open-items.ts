/**
 * What is open of each queue, and nothing that is over: looked at with each message, and written only where an item comes or is over. Its terms
 * are those of `storage/outbox.ts`. Receipts have a queue of their own beside what is said in a conversation. An account's items are found by
 * another index when it goes.
 */
export const openItems = `
ALTER TABLE outbox ADD COLUMN queue TEXT NOT NULL DEFAULT 'said';
DROP INDEX outbox_open;
CREATE INDEX outbox_open ON outbox (account, conversation, queue, seq)
  WHERE state <> 'sent' AND state <> 'failed' AND state <> 'cancelled';
CREATE INDEX outbox_account ON outbox (account);
`;
