/** The least private that messages may go out as: for everybody, and per peer. No row: no floor. */
export const floor = `
CREATE TABLE floor (
  whose TEXT PRIMARY KEY, -- a peer's id, or 'everybody'
  least TEXT NOT NULL CHECK (least IN ('provider', 'members-limited', 'members'))
) STRICT, WITHOUT ROWID;
CREATE INDEX peer_merged ON peer (merged_into) WHERE merged_into IS NOT NULL;
`;
