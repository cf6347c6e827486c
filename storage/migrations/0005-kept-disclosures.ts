/** A disclosure may be accepted, withdrawn and accepted again, and what it said then is kept with it. */
export const keptDisclosures = `
CREATE TABLE kept_disclosure (
  id INTEGER PRIMARY KEY,
  network TEXT NOT NULL,
  version INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL,
  said TEXT,            -- the sentences as they read then, as JSON; null: accepted before they were kept
  withdrawn_at INTEGER  -- null: it holds, unless a newer version asks for more
) STRICT;
INSERT INTO kept_disclosure (network, version, accepted_at)
  SELECT network, version, accepted_at FROM disclosure ORDER BY accepted_at, version;
DROP TABLE disclosure;
ALTER TABLE kept_disclosure RENAME TO disclosure;
CREATE INDEX disclosure_network ON disclosure (network, id);
`;
