import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase, type Database } from '../../storage/database.ts';
import { FILES_FOLDER } from '../../storage/files.ts';
import { testKey } from '../../storage/key-wrap.ts';
import type { AccountId } from '../../shared/ids.ts';
import type { OutboxState } from '../../shared/lane/intent.ts';

/** What stood on the disk when the program had been ended: what was interrupted, not what is judged by. */
export interface Autopsy {
  /** `ok`, or what SQLite found damaged. */
  readonly integrity: string;
  /** Items of the outbox that are not at their end, oldest first; `text` is null for what the protocol sends. */
  readonly open: readonly {
    readonly text: string | null;
    readonly state: OutboxState;
    readonly ambiguous: boolean;
  }[];
  /** Texts that came in and stand in the history. */
  readonly received: ReadonlySet<string>;
  /** Whether an envelope was being opened after an earlier death; only then it is marked. */
  readonly marked: boolean;
  /** Files whose writing was cut off. */
  readonly cutFiles: number;
  /** Why envelopes were set aside, oldest first. */
  readonly setAside: readonly string[];
}

/** Opens the database of a dead program for reading only and says what it finds. Throws when it does not open. */
export function examine(profile: string): Autopsy {
  const key = testKey(profile);
  const database = openDatabase({ folder: profile, key, readOnly: true });
  try {
    return {
      integrity: integrityOf(database),
      open: database
        .all<{ content: string | null; state: OutboxState; ambiguous: number }>(
          `SELECT m.content AS content, o.state AS state,
             EXISTS (SELECT 1 FROM artifact AS a WHERE a.outbox = o.id AND a.outcome = 'ambiguous') AS ambiguous
           FROM outbox AS o LEFT JOIN message AS m ON m.id = o.message
           WHERE o.state NOT IN ('sent', 'cancelled') ORDER BY o.conversation, o.seq`,
        )
        .map(({ content, state, ambiguous }) => ({
          text: content === null ? null : textIn(content),
          state,
          ambiguous: ambiguous === 1,
        })),
      received: receivedIn(database),
      marked:
        database.get("SELECT 1 FROM meta WHERE key LIKE 'lane-touch/%' AND value NOT LIKE 'item:%'") !==
        undefined,
      cutFiles: database.all("SELECT id FROM file WHERE state = 'writing'").length,
      setAside: database
        .all<{ why: string }>("SELECT why FROM inbound WHERE outcome = 'quarantined' ORDER BY at")
        .map(({ why }) => why),
    };
  } finally {
    database.close();
  }
}

/** What the lane of an account was touching last, of a program that runs or not; only after a death is it noted. */
export function touchedIn(profile: string, account: AccountId): string | null {
  const database = openDatabase({ folder: profile, key: testKey(profile), readOnly: true });
  try {
    const key = `lane-touch/${account}`;
    return database.get<{ value: string }>('SELECT value FROM meta WHERE key = ?', key)?.value ?? null;
  } finally {
    database.close();
  }
}

/** What SQLite says of its own pages and indexes. */
export function integrityOf(database: Database): string {
  const rows = database.all<{ integrity_check: string }>('PRAGMA integrity_check');
  return rows.map((row) => row.integrity_check).join('; ');
}

/** The texts of messages others wrote. */
export function receivedIn(database: Database): ReadonlySet<string> {
  const rows = database.all<{ content: string }>(
    "SELECT content FROM message WHERE author IS NOT NULL AND kind = 'message'",
  );
  return new Set(rows.map((row) => textIn(row.content)));
}

const textIn = (content: string): string => (JSON.parse(content) as { text: string }).text;

/** My messages by text, and how far each was in the outbox. */
export function sentIn(database: Database): ReadonlyMap<string, OutboxState> {
  const rows = database.all<{ content: string; state: OutboxState }>(
    'SELECT m.content, o.state FROM outbox AS o JOIN message AS m ON m.id = o.message',
  );
  return new Map(rows.map(({ content, state }) => [textIn(content), state]));
}

/** Files of a closed profile: those a message names, those nothing names, and bytes on the disk without a row. */
export function filesOf(profile: string): {
  readonly named: number;
  readonly unnamed: number;
  readonly stray: number;
} {
  const database = openDatabase({ folder: profile, key: testKey(profile), readOnly: true });
  try {
    const rows = database.all<{ id: string; named: number }>(
      'SELECT id, EXISTS (SELECT 1 FROM message_file WHERE file = file.id) AS named FROM file',
    );
    const known = new Set(rows.map(({ id }) => id));
    const files = join(profile, FILES_FOLDER);
    const names = existsSync(files) ? readdirSync(files, { recursive: true, withFileTypes: true }) : [];
    return {
      named: rows.filter((row) => row.named === 1).length,
      unnamed: rows.filter((row) => row.named === 0).length,
      stray: names.filter((entry) => entry.isFile() && !known.has(entry.name)).length,
    };
  } finally {
    database.close();
  }
}
