/**
 * What holds the words of a message beside its row, under the message's key, so that it goes with it: bytes kept of how it came, and what my
 * other devices are still to be told. Bytes that are kept for a time are found by its end.
 */
export const wordsBeside = `
ALTER TABLE inbound ADD COLUMN message_key TEXT;
ALTER TABLE outbox ADD COLUMN message_key TEXT;
CREATE INDEX inbound_message ON inbound (account, message_key) WHERE message_key IS NOT NULL;
CREATE INDEX inbound_until ON inbound (until) WHERE until IS NOT NULL;
CREATE INDEX outbox_told ON outbox (account, message_key) WHERE message_key IS NOT NULL;
`;
