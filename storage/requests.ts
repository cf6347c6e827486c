import type { Millis } from '../shared/ids.ts';
import { decodeFrame, encodeFrame } from '../shared/wire/codec.ts';
import { PlainsealError } from '../shared/errors.ts';
import type { Database } from './database.ts';

/** How long an answer is kept for a page that asks again. */
export const REQUEST_KEPT_MS = 7 * 24 * 60 * 60 * 1_000;
/** Old answers swept with each new one, so that the sweep never costs more than a call. */
const SWEEP = 8;

/**
 * The answer given to a request id before, or null.
 * @throws PlainsealError `bad-request` when the id was used for another call.
 */
export function answered(db: Database, id: string, name: string): { readonly answer: unknown } | null {
  const row = db.get<{ readonly name: string; readonly answer: Uint8Array }>(
    'SELECT name, answer FROM request WHERE id = ?',
    id,
  );
  if (!row) return null;
  if (row.name !== name) throw new PlainsealError('bad-request', 'this request id was used for another call');
  return { answer: decodeFrame(row.answer) };
}

/** Keeps an answer, in the transaction of what it answers. */
export function keepAnswer(db: Database, id: string, name: string, answer: unknown, at: Millis): void {
  db.run(
    'INSERT INTO request (id, name, answer, at) VALUES (?, ?, ?, ?)',
    id,
    name,
    encodeFrame(answer ?? null),
    at,
  );
  db.run(
    `DELETE FROM request WHERE id IN (SELECT id FROM request WHERE at < ? ORDER BY at LIMIT ${SWEEP})`,
    at - REQUEST_KEPT_MS,
  );
}
