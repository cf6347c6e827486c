/**
 * What people who were not accepted have put on the disk, counted so that it can be bounded. `kept` and `kept_bytes` only rise: who writes and takes
 * back gains no room by it.
 */
export const strangers = `
ALTER TABLE conversation ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN kept_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN not_kept INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN not_kept INTEGER NOT NULL DEFAULT 0;       -- of people for whom there was no request
ALTER TABLE account ADD COLUMN anybodys_bytes INTEGER NOT NULL DEFAULT 0;
CREATE INDEX conversation_request ON conversation (account, kept_bytes) WHERE state = 'request';
UPDATE conversation SET
  kept = (SELECT count(*) FROM message AS m WHERE m.conversation = conversation.id),
  kept_bytes = (SELECT coalesce(sum(octet_length(m.content)), 0) FROM message AS m WHERE m.conversation = conversation.id)
WHERE state = 'request';
UPDATE account SET anybodys_bytes = (
  SELECT coalesce(sum(octet_length(i.raw)), 0) FROM inbound AS i WHERE i.account = account.id AND (i.outcome = 'quarantined' OR i.why = 'acceptance'));
`;
