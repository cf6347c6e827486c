import type { ConversationId, NetworkKey } from '../../shared/ids.ts';
import type { Evidence } from '../../shared/label/evidence.ts';
import type { Label } from '../../shared/label/label.ts';
import { findConversation } from '../../storage/conversations.ts';
import { openDatabase } from '../../storage/database.ts';
import { testKey } from '../../storage/key-wrap.ts';
import { addMessage } from '../../storage/messages.ts';
import { openProfile } from '../../storage/profile.ts';
import { makeTexts } from '../crash/mails.ts';

const MINUTE_MS = 60_000;
/** Every so many messages one is mine. */
const MINE_EVERY = 3;

/** Writes a long history into a conversation of a closed profile, a message a minute up to now, all with the evidence and label of its newest message. */
export function writeHistory(folder: string, conversation: ConversationId, count: number): void {
  const profile = openProfile(folder);
  const db = openDatabase({ folder, key: testKey(folder) });
  try {
    const found = findConversation(db, conversation);
    const model = db.get<{ readonly evidence: string; readonly label: string }>(
      'SELECT evidence, label FROM message WHERE conversation = ? AND evidence IS NOT NULL ORDER BY id DESC LIMIT 1',
      conversation,
    );
    if (!found || !model) throw new Error('no conversation to write into');
    const evidence = JSON.parse(model.evidence) as Evidence;
    const label = JSON.parse(model.label) as Label;
    const { texts } = makeTexts(count);
    const startedAt = Date.now() - count * MINUTE_MS;
    db.transaction(() => {
      for (const [at, text] of texts.entries())
        addMessage(
          db,
          {
            conversation,
            account: found.account,
            key: `history-${at}` as NetworkKey,
            author: at % MINE_EVERY === 0 ? null : found.peer,
            sentAt: startedAt + at * MINUTE_MS,
            content: { text, ranges: [], files: [] },
            evidence,
            label,
            sending: null,
          },
          startedAt + at * MINUTE_MS,
        );
    });
  } finally {
    db.close();
    profile.release();
  }
}
