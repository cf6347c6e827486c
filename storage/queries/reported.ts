import type { Content } from '../../shared/contract/content.ts';
import type { ReportedMessage } from '../../shared/contract/report.ts';
import type { ConversationId, MessageId, NetworkKey, PeerId } from '../../shared/ids.ts';
import type { Evidence } from '../../shared/label/evidence.ts';
import type { Database } from '../database.ts';
import { rowidOf } from '../messages.ts';

/**
 * What a report says of some messages, in the order they came; only of those that `author` wrote in this very conversation and that
 * are still there. What they quote is not theirs and is left out.
 */
export function reportedMessages(
  db: Database,
  of: {
    readonly conversation: ConversationId;
    readonly author: PeerId;
    readonly messages: readonly MessageId[];
  },
): readonly ReportedMessage[] {
  return db
    .all<{
      readonly id: number;
      readonly key: NetworkKey;
      readonly sent_at: number;
      readonly received_at: number;
      readonly content: string;
      readonly evidence: string | null;
    }>(
      `SELECT id, key, sent_at, received_at, content, evidence FROM message
       WHERE id IN (SELECT value FROM json_each(?)) AND conversation = ? AND author = ? AND kind = 'message' AND deleted = 0
       ORDER BY id`,
      JSON.stringify(of.messages.map(rowidOf)),
      of.conversation,
      of.author,
    )
    .map((row) => ({
      key: row.key,
      text: (JSON.parse(row.content) as Content).text,
      files: db.all<{ readonly name: string; readonly type: string; readonly size: number }>(
        `SELECT f.name, f.type, f.size FROM message_file AS mf JOIN file AS f ON f.id = mf.file
         WHERE mf.message = ? ORDER BY mf.position`,
        row.id,
      ),
      sentAt: row.sent_at,
      receivedAt: row.received_at,
      ...provenBy(row.evidence === null ? null : (JSON.parse(row.evidence) as Evidence)),
    }));
}

function provenBy(evidence: Evidence | null): Pick<ReportedMessage, 'known' | 'proof' | 'fingerprint'> {
  if (evidence?.how !== 'opened-here')
    return { known: evidence?.how ?? 'not-kept', proof: 'none', fingerprint: null };
  return { known: 'opened-here', proof: evidence.from.proof, fingerprint: evidence.from.key };
}
