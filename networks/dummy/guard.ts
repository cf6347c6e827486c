import type { ConversationId } from '../../shared/ids.ts';
import type { EgressGuard } from '../../shared/lane/guard.ts';

/** Everything the test lane ever writes to its socket. */
export type Operation =
  | { readonly kind: 'hello' | 'ack'; readonly bytes: Uint8Array }
  | { readonly kind: 'send'; readonly conversation: ConversationId; readonly bytes: Uint8Array };

const ops = { hello: 'hello', ack: 'ack', send: 'send' } as const;

/** Reads the bytes itself: what is written is the one operation it says it is, and nothing of a conversation that was ever end to end. */
export const guard: EgressGuard<Operation> = {
  check(operation, everEndToEnd) {
    const text = new TextDecoder().decode(operation.bytes);
    if (text.indexOf('\n') !== text.length - 1) return { stop: 'not one line' };
    if (!text.startsWith(`{"op":"${ops[operation.kind]}",`)) return { stop: 'another operation' };
    if (operation.kind === 'send' && everEndToEnd(operation.conversation))
      return { stop: 'in the clear where it was end to end' };
    return 'pass';
  },
};
