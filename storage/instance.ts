import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { PlainsealError } from '../shared/errors.ts';
import type { Millis } from '../shared/ids.ts';
import { listAccounts } from './accounts.ts';
import { noteCopied } from './copies.ts';
import type { Database } from './database.ts';
import { readSmallFile, writePrivateFile } from './durable-file.ts';
import { lockFolder } from './lock.ts';
import { readMeta, writeMeta } from './meta.ts';
import { fileErrorKind } from './sqlite-error.ts';

/** Moved at most this often, in ms: each time a small file is flushed. */
export const MOVE_MS = 1_000;
const INSTANCE_KEY = 'instance';
const MARK_FILE = 'mark';
const MAX_MARK_BYTES = 64;
const MARK_BYTES = 16;

/**
 * What the database knows of the one program that goes on with it. `mark` or `next` stands in the file outside the profile; which of
 * the two depends on where the program was cut off.
 */
const keptSchema = v.strictObject({
  id: v.pipe(v.string(), v.uuid()),
  machine: v.nullable(v.string()),
  mark: v.string(),
  next: v.nullable(v.string()),
});
type Kept = v.InferOutput<typeof keptSchema>;

/**
 * The one program that may go on with the ratchets of a profile. Its mark is kept twice: in the database, and in a file outside the
 * profile folder. The mark moves on; whoever has an older database, or the file not at all, has a copy.
 */
export interface Instance {
  /** Whether this start found the profile to be a copy: then every account in it is noted as one (copies.ts). */
  readonly foundCopy: boolean;
  /** Within the transaction that moves a ratchet: notes the mark to come. False where it moved a moment ago. */
  stage(): boolean;
  /**
   * Once a transaction that staged a mark stands, and before anybody hears of it: puts the mark outside.
   * @throws PlainsealError `disk-full`, `read-only`, `io`: the mark before is still good, and the next transaction tries again.
   */
  publish(): void;
  /** Moves a last time, so that what was copied while it ran is known as such, and lets go.
   * @throws as `publish`, having let go.
   */
  close(): void;
}

/**
 * Finds out whether an open database is a copy, and goes on as its instance. Call before any lane starts.
 * @param of.marks folder outside the profile, on the same machine
 * @param of.machine what tells this machine from another, or null
 * @throws PlainsealError `disk-full`, `read-only`, `io` where the mark cannot be kept.
 */
export function openInstance(of: {
  readonly db: Database;
  readonly marks: string;
  readonly machine: string | null;
  readonly clock: () => Millis;
}): Instance {
  const { db, marks, machine, clock } = of;
  const before = readKept(db);
  const own = before !== null && before.machine === machine ? holdIfOurs(marks, before) : null;
  const instance = own ?? begin(marks);
  const foundCopy = before !== null && own === null;
  if (own === null)
    db.transaction(() => {
      if (foundCopy) for (const { id } of listAccounts(db)) noteCopied(db, id, clock());
      writeKept(db, { id: instance.id, machine, mark: instance.mark, next: null });
    });

  let { mark } = instance;
  let next: string | null = null;
  let movedAt = -Infinity;
  function note(): void {
    next ??= freshMark();
    writeKept(db, { id: instance.id, machine, mark, next });
  }
  function publish(): void {
    if (next === null) return;
    writeMark(marks, instance.id, next);
    mark = next;
    next = null;
    movedAt = performance.now();
  }
  function move(): void {
    db.transaction(note);
    publish();
  }
  try {
    move();
  } catch (error) {
    instance.release();
    throw error;
  }

  return {
    foundCopy,
    stage() {
      if (next === null && performance.now() - movedAt < MOVE_MS) return false;
      note();
      return true;
    },
    publish,
    close() {
      try {
        move();
      } finally {
        instance.release();
      }
    },
  };
}

type Running = { readonly id: string; readonly mark: string; readonly release: () => void };

/** Holds the instance the database speaks of; null where its mark is not outside, is another, or another program holds it. */
function holdIfOurs(marks: string, kept: Kept): Running | null {
  const folder = join(marks, kept.id);
  if (readMark(folder) === null) return null;
  let release: () => void;
  try {
    release = lockFolder(folder);
  } catch (error) {
    if (error instanceof PlainsealError && error.kind === 'in-use') return null;
    throw error;
  }
  // Read again: whoever held it may have moved it.
  const mark = readMark(folder);
  if (mark !== null && (mark === kept.mark || mark === kept.next)) return { id: kept.id, mark, release };
  release();
  return null;
}

function begin(marks: string): Running {
  const id = randomUUID();
  const mark = freshMark();
  const folder = join(marks, id);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new PlainsealError(fileErrorKind(cause), 'the mark cannot be kept', { cause });
  }
  writeMark(marks, id, mark);
  return { id, mark, release: lockFolder(folder) };
}

const freshMark = (): string => randomBytes(MARK_BYTES).toString('base64url');

function readMark(folder: string): string | null {
  const bytes = readSmallFile(join(folder, MARK_FILE), MAX_MARK_BYTES);
  return bytes === null ? null : Buffer.from(bytes).toString('utf8');
}

function writeMark(marks: string, id: string, mark: string): void {
  writePrivateFile(join(marks, id, MARK_FILE), new TextEncoder().encode(mark));
}

/** Null before the first start of a version that keeps one. What cannot be read has its mark nowhere. */
function readKept(db: Database): Kept | null {
  const text = readMeta(db, INSTANCE_KEY);
  if (text === null) return null;
  const read = v.safeParse(keptSchema, JSON.parse(text));
  return read.success ? read.output : { id: randomUUID(), machine: null, mark: '', next: null };
}

function writeKept(db: Database, kept: Kept): void {
  writeMeta(db, INSTANCE_KEY, JSON.stringify(kept));
}
