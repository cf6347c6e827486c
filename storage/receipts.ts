import type { SendState } from '../shared/contract/conversation.ts';
import type { Millis } from '../shared/ids.ts';
import type { Receipt } from '../shared/lane/intent.ts';
import type { Database } from './database.ts';

/** Keeps a receipt; the first of its kind from one peer counts. */
export function addReceipt(db: Database, message: number, receipt: Receipt): boolean {
  return (
    db.run(
      'INSERT INTO receipt (message, by, kind, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
      message,
      receipt.by,
      receipt.kind,
      receipt.at,
    ).changes === 1
  );
}

/** Where one destination of a message of mine stands. */
export function setDelivery(
  db: Database,
  message: number,
  destination: string,
  state: SendState,
  at: Millis,
): void {
  db.run(
    `INSERT INTO delivery (message, destination, state, at) VALUES (?, ?, ?, ?)
     ON CONFLICT (message, destination) DO UPDATE SET state = excluded.state, at = excluded.at`,
    message,
    destination,
    state,
    at,
  );
}

/** A destination of which something was known is sealed for again. Before that its artifact says as much, and nothing is kept here. */
export function reopenDelivery(db: Database, message: number, destination: string, at: Millis): void {
  db.run(
    "UPDATE delivery SET state = 'sealed', at = ? WHERE message = ? AND destination = ?",
    at,
    message,
    destination,
  );
}
