/** Messages that go by themselves. The two indexes hold nothing but those, so that other messages cost nothing. */
export const expiry = `
ALTER TABLE message ADD COLUMN expires_after_ms INTEGER; -- it goes so long after it was read (mine: sent)
ALTER TABLE message ADD COLUMN expires_at INTEGER;       -- null until that has begun
CREATE INDEX message_expires ON message (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX message_unstarted ON message (conversation, id) WHERE expires_after_ms IS NOT NULL AND expires_at IS NULL;
`;
