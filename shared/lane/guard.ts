import type { ConversationId } from '../ids.ts';

/** What the guard may ask: whether a conversation was ever end to end (then nothing of it may go out in the clear). */
export type EverEndToEnd = (conversation: ConversationId) => boolean;

/**
 * Last function before the socket: a closed union of operations per network, default deny, with a parser of its own
 * (it shares no code with the builder), also on resends, drafts, appends and automatic mail.
 */
export interface EgressGuard<Op> {
  check(operation: Op, everEndToEnd: EverEndToEnd): 'pass' | { readonly stop: string };
}
