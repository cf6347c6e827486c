import type { ConversationId } from '../../shared/ids.ts';
import type { Evidence } from '../../shared/label/evidence.ts';
import type { SecurityFacts } from '../../shared/label/facts.ts';
import type { LiveFacts } from '../../shared/label/who-sees.ts';
import type { Database } from '../database.ts';

/** What is known of a conversation's next message, and of how my newest one went; null when there is no such conversation. */
export function liveFacts(
  db: Database,
  { conversation }: { readonly conversation: ConversationId },
): LiveFacts | null {
  const row = db.get<{ readonly forecast: string }>(
    'SELECT forecast FROM conversation WHERE id = ?',
    conversation,
  );
  if (!row) return null;
  const newest = db.get<{ readonly evidence: string }>(
    `SELECT evidence FROM message WHERE conversation = ? AND kind = 'message' AND author IS NULL
       AND evidence IS NOT NULL ORDER BY id DESC LIMIT 1`,
    conversation,
  );
  return {
    forecast: JSON.parse(row.forecast) as readonly SecurityFacts[],
    sealedSender: newest ? sealedSender(JSON.parse(newest.evidence) as Evidence) : null,
  };
}

/** Of devices that differ nothing single can be said: the worse of them counts. */
function sealedSender({ details, at }: Evidence): LiveFacts['sealedSender'] {
  const told = details.find(({ name }) => name === 'sealed-sender')?.value;
  return told === undefined ? null : { hidden: told === 'yes', at };
}
