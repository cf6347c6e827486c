import type { Millis, PeerId } from '../shared/ids.ts';
import type { Evidence } from '../shared/label/evidence.ts';
import type { Database } from './database.ts';

/** Replaces one person's reactions to a message; an empty list takes them back. */
export function setReaction(
  db: Database,
  message: number,
  reaction: {
    readonly by: PeerId | 'me';
    readonly emoji: readonly string[];
    readonly at: Millis;
    readonly evidence: Evidence | null;
  },
): void {
  if (reaction.emoji.length === 0) {
    db.run('DELETE FROM reaction WHERE message = ? AND by = ?', message, reaction.by);
    return;
  }
  db.run(
    `INSERT INTO reaction (message, by, emoji, at, evidence) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (message, by) DO UPDATE SET emoji = excluded.emoji, at = excluded.at, evidence = excluded.evidence`,
    message,
    reaction.by,
    JSON.stringify(reaction.emoji),
    reaction.at,
    reaction.evidence && JSON.stringify(reaction.evidence),
  );
}
