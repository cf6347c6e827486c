import type { ConversationId } from '../../shared/ids.ts';

/** What a transaction touched: told to the page once it is durable. */
export interface Touched {
  inbox: boolean;
  accounts: boolean;
  settings: boolean;
  readonly conversations: Set<ConversationId>;
  /** Rowids. */
  readonly messages: Set<number>;
  /** Messages of others that came in, for notifications. */
  readonly arrived: { readonly conversation: ConversationId; readonly message: number }[];
  /** The outbox may have something to do. */
  outbox: boolean;
  /** A message, or bytes that are kept for a time, may go sooner than what was known to go next. */
  expiry: boolean;
  /** What was deleted has gone from where a lane kept it: the log is to be emptied of it. */
  emptied: boolean;
}

export function nothingTouched(): Touched {
  return {
    inbox: false,
    accounts: false,
    settings: false,
    conversations: new Set(),
    messages: new Set(),
    arrived: [],
    outbox: false,
    expiry: false,
    emptied: false,
  };
}

/** Adds what a part touched to the whole. */
export function addTouched(whole: Touched, part: Touched): void {
  whole.inbox ||= part.inbox;
  whole.accounts ||= part.accounts;
  whole.settings ||= part.settings;
  whole.outbox ||= part.outbox;
  whole.expiry ||= part.expiry;
  whole.emptied ||= part.emptied;
  for (const id of part.conversations) whole.conversations.add(id);
  for (const id of part.messages) whole.messages.add(id);
  whole.arrived.push(...part.arrived);
}

/** A row of the list changed. */
export function touchConversation(touched: Touched, id: ConversationId): void {
  touched.inbox = true;
  touched.conversations.add(id);
}

/** A message of a conversation changed. */
export function touchMessage(touched: Touched, conversation: ConversationId, message: number): void {
  touchConversation(touched, conversation);
  touched.messages.add(message);
}
