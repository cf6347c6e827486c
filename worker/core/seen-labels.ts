import type { ConversationRow } from '../../shared/contract/conversation.ts';
import type { ConversationId } from '../../shared/ids.ts';
import type { Label } from '../../shared/label/label.ts';

/** Labels remembered per conversation, and conversations remembered; older ones count as never shown. */
const MAX_REVISIONS = 8;
const MAX_CONVERSATIONS = 2_000;

/** Which label stood behind each revision the page was given, so that a send under an older one can be compared. */
export interface SeenLabels {
  shown(row: Pick<ConversationRow, 'id' | 'label' | 'labelRevision'>): void;
  /** The label of a revision, or null: nothing proves what its sender saw. */
  find(conversation: ConversationId, revision: number): Label | null;
}

export function createSeenLabels(): SeenLabels {
  const kept = new Map<ConversationId, Map<number, Label>>();
  return {
    shown({ id, label, labelRevision }) {
      const revisions = kept.get(id) ?? new Map<number, Label>();
      kept.delete(id);
      kept.set(id, revisions);
      revisions.set(labelRevision, label);
      if (revisions.size > MAX_REVISIONS) revisions.delete(Math.min(...revisions.keys()));
      if (kept.size > MAX_CONVERSATIONS) kept.delete(kept.keys().next().value ?? id);
    },
    find: (conversation, revision) => kept.get(conversation)?.get(revision) ?? null,
  };
}
