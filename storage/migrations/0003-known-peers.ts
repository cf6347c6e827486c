/** Whom the lane of an account told of: a peer of a network is one row for all accounts, who knows it is one account's affair. */
export const knownPeers = `
CREATE TABLE known_peer (
  account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  peer TEXT NOT NULL REFERENCES peer (id),
  PRIMARY KEY (account, peer)
) STRICT, WITHOUT ROWID;
INSERT INTO known_peer (account, peer)
  SELECT account, peer FROM conversation WHERE peer IS NOT NULL
  UNION SELECT account, peer FROM trust
  UNION SELECT c.account, m.peer FROM membership AS m JOIN conversation AS c ON c.id = m.conversation;
`;
