/**
 * The first schema. Immutable once released: a later change is a new numbered step.
 *
 * Rowids of messages are max(now × 1024, last + 1), so that a page of a conversation is one index range; back-fill takes
 * ids below the oldest. JSON columns hold types of shared/ as they are; what is searched, joined or ordered has a column.
 */
export const first = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE account (
  id TEXT PRIMARY KEY,
  network TEXT NOT NULL,
  address TEXT NOT NULL,
  display_name TEXT NOT NULL,
  environment TEXT NOT NULL CHECK (environment IN ('live', 'test')),
  created_at INTEGER NOT NULL,
  last_sent_at INTEGER NOT NULL DEFAULT 0, -- two sends in one millisecond get two timestamps
  UNIQUE (network, address)
) STRICT, WITHOUT ROWID;

CREATE TABLE lane_state (
  account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  space TEXT NOT NULL,
  key TEXT NOT NULL,
  value BLOB NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (account, space, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE cursor (
  account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE person (id TEXT PRIMARY KEY, name TEXT NOT NULL, created_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE peer (
  id TEXT PRIMARY KEY,
  network TEXT NOT NULL,
  identity TEXT NOT NULL,
  address TEXT,
  name TEXT,
  merged_into TEXT REFERENCES peer (id),
  first_seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX peer_address ON peer (network, address);

CREATE TABLE route (
  person TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
  peer TEXT NOT NULL REFERENCES peer (id),
  PRIMARY KEY (person, peer)
) STRICT, WITHOUT ROWID;

CREATE TABLE trust (
  account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  peer TEXT NOT NULL REFERENCES peer (id),
  trust TEXT NOT NULL, -- Trust as JSON
  PRIMARY KEY (account, peer)
) STRICT, WITHOUT ROWID;

CREATE TABLE conversation (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  network TEXT NOT NULL,
  protocol TEXT NOT NULL,
  ever_end_to_end INTEGER NOT NULL DEFAULT 0,
  kind TEXT NOT NULL CHECK (kind IN ('direct', 'group', 'channel', 'self')),
  state TEXT NOT NULL CHECK (state IN ('request', 'active', 'left', 'blocked')),
  peer TEXT REFERENCES peer (id),
  title TEXT,
  timer TEXT,
  forecast TEXT NOT NULL DEFAULT '[]', -- SecurityFacts[] of the next send
  hold TEXT,                            -- HoldReason
  label TEXT,                           -- Label, derived; label_revision rises with each change
  label_revision INTEGER NOT NULL DEFAULT 0,
  draft TEXT,
  unread INTEGER NOT NULL DEFAULT 0,
  read_up_to INTEGER NOT NULL DEFAULT 0,
  last_at INTEGER NOT NULL,
  last_message INTEGER,
  pinned INTEGER NOT NULL DEFAULT 0,
  muted INTEGER NOT NULL DEFAULT 0,
  archived INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX conversation_list ON conversation (archived, pinned DESC, last_at DESC, id);
CREATE INDEX conversation_peer ON conversation (peer);

CREATE TABLE membership (
  conversation TEXT NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
  peer TEXT NOT NULL REFERENCES peer (id),
  role TEXT NOT NULL,
  since INTEGER NOT NULL,
  by TEXT,
  PRIMARY KEY (conversation, peer)
) STRICT, WITHOUT ROWID;

CREATE TABLE message (
  id INTEGER PRIMARY KEY,
  conversation TEXT NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
  account TEXT NOT NULL,
  key TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('message', 'note')),
  author TEXT,            -- peer; null = me (or a note)
  sent_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  content TEXT NOT NULL,  -- Content as JSON; a note's code and quoted text
  words TEXT NOT NULL DEFAULT '', -- segmented words exactly as indexed: 'delete' must get the same
  evidence TEXT,
  label TEXT,             -- Label at that time
  quote TEXT,
  edited_at INTEGER,
  deleted INTEGER NOT NULL DEFAULT 0,
  send_state TEXT,        -- mine only
  send_state_at INTEGER,
  accepted_at INTEGER,
  read_at INTEGER,
  failure TEXT,
  outbox TEXT,
  UNIQUE (account, key)
) STRICT;
CREATE INDEX message_page ON message (conversation, id);

CREATE TABLE revision (
  message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  content TEXT NOT NULL,
  evidence TEXT,
  PRIMARY KEY (message, at)
) STRICT, WITHOUT ROWID;

CREATE TABLE reaction (
  message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
  by TEXT NOT NULL,       -- peer or 'me'
  emoji TEXT NOT NULL,    -- JSON list
  at INTEGER NOT NULL,
  evidence TEXT,
  PRIMARY KEY (message, by)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipt (
  message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
  by TEXT NOT NULL,
  kind TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (message, by, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE delivery (
  message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
  destination TEXT NOT NULL,
  state TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (message, destination)
) STRICT, WITHOUT ROWID;

CREATE TABLE waiting_change (
  id INTEGER PRIMARY KEY,
  account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  target TEXT NOT NULL,   -- network key that has not arrived
  change TEXT NOT NULL,
  until INTEGER NOT NULL
) STRICT;
CREATE INDEX waiting_target ON waiting_change (account, target);

CREATE TABLE outbox (
  id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,   -- order within the conversation
  account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  conversation TEXT REFERENCES conversation (id) ON DELETE CASCADE,
  message INTEGER,
  intent BLOB NOT NULL,   -- frame of shared/wire/codec
  seen_label TEXT,        -- the label its sender saw
  state TEXT NOT NULL,
  hold TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  not_before INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_open ON outbox (account, state, seq);
CREATE INDEX outbox_conversation ON outbox (conversation, seq);

CREATE TABLE artifact (
  outbox TEXT NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
  destination TEXT NOT NULL,
  identity TEXT NOT NULL,
  bytes BLOB,
  file TEXT,
  outcome TEXT NOT NULL,
  PRIMARY KEY (outbox, destination)
) STRICT, WITHOUT ROWID;

CREATE TABLE inbound (
  account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  envelope TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('consumed', 'duplicate', 'parked', 'quarantined')),
  at INTEGER NOT NULL,
  raw BLOB,
  raw_at TEXT,
  why TEXT,
  until INTEGER,
  PRIMARY KEY (account, envelope)
) STRICT, WITHOUT ROWID;

CREATE TABLE marker (
  account TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  envelope TEXT NOT NULL,
  deaths INTEGER NOT NULL,
  PRIMARY KEY (account, envelope)
) STRICT, WITHOUT ROWID;

CREATE TABLE file (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  size INTEGER NOT NULL,
  key BLOB NOT NULL,      -- its own key: deleting the row makes the bytes unreadable
  state TEXT NOT NULL CHECK (state IN ('writing', 'here', 'not-fetched')),
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE message_file (
  message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  file TEXT NOT NULL REFERENCES file (id),
  PRIMARY KEY (message, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX message_file_file ON message_file (file);

CREATE TABLE request (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  answer BLOB NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX request_at ON request (at);

CREATE TABLE disclosure (
  network TEXT NOT NULL,
  version INTEGER NOT NULL,
  accepted_at INTEGER NOT NULL,
  PRIMARY KEY (network, version)
) STRICT, WITHOUT ROWID;

-- No copy of the text: content='' without contentless_delete, because contentless_delete keeps the words on the page;
-- a delete hands the stored words back unchanged. Marks (M*) belong to words: without them Thai and Hindi words fall apart.
-- prefix: without an index of prefixes the last word of a search, still being typed, would merge every word that begins with it.
CREATE VIRTUAL TABLE search USING fts5 (
  words, content = '', prefix = '2 3', tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co M*'"
);
INSERT INTO search (search, rank) VALUES ('secure-delete', 1);

-- A row that goes by a cascade (its conversation, its account) must not leave its words in the index.
CREATE TRIGGER message_forgotten BEFORE DELETE ON message WHEN old.words <> '' BEGIN
  INSERT INTO search (search, rowid, words) VALUES ('delete', old.id, old.words);
END;
`;
