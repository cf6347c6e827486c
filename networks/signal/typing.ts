import type { ConversationId, Millis } from '../../shared/ids.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';

/** Signal's programs tell every 10 seconds that somebody is still writing; without that they have stopped. */
export const TYPING_FOR_MS: Millis = 15_000;

/** Who is writing just now. Never durable. */
export interface TypingNotices {
  started(conversation: ConversationId): void;
  stopped(conversation: ConversationId): void;
  /** Forgets all of it, telling nobody. */
  close(): void;
}

export function createTyping(context: Pick<LaneContext, 'typing'>): TypingNotices {
  const ends = new Map<ConversationId, NodeJS.Timeout>();
  function stopped(conversation: ConversationId): void {
    const end = ends.get(conversation);
    if (end === undefined) return;
    clearTimeout(end);
    ends.delete(conversation);
    context.typing(conversation, false);
  }
  return {
    started(conversation) {
      const end = ends.get(conversation);
      if (end !== undefined) end.refresh();
      else {
        ends.set(conversation, setTimeout(() => stopped(conversation), TYPING_FOR_MS).unref());
        context.typing(conversation, true);
      }
    },
    stopped,
    close() {
      for (const end of ends.values()) clearTimeout(end);
      ends.clear();
    },
  };
}
