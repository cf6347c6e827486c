/**
 * Somebody is in one entry of the address book at most. Who is blocked is a matter of the peer: it holds in every account, for conversations
 * that do not exist yet, and in groups.
 */
export const persons = `
CREATE UNIQUE INDEX route_peer ON route (peer);
CREATE INDEX known_peer_peer ON known_peer (peer);
CREATE TABLE blocked_peer (peer TEXT PRIMARY KEY REFERENCES peer (id), at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO blocked_peer (peer, at)
  SELECT peer, max(last_at) FROM conversation
  WHERE kind = 'direct' AND state = 'blocked' AND peer IS NOT NULL GROUP BY peer;
`;
