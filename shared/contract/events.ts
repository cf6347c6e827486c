import type { AccountId, ConversationId, FlowId, MessageId } from '../ids.ts';
import type { FlowStep } from '../lane/flow.ts';
import type { LaneStatus } from '../lane/lane.ts';
import type { MessageRow } from './message.ts';

/** Core → page: ids, and of messages the rows where they are few; coalesced to at most 20 a second. A gap in `seq` (changed only) means: fetch again. */
export interface Events {
  changed: {
    readonly seq: number;
    /** The list order or a row of it changed. */
    readonly inbox: boolean;
    readonly accounts: boolean;
    readonly settings: boolean;
    readonly conversations: readonly ConversationId[];
    readonly messages: readonly MessageId[];
    /** The rows of `messages` as they stand, of all that are still there. Null where there are none, or they are many or long: what is shown of them is fetched. */
    readonly rows: readonly MessageRow[] | null;
  };
  lane: { readonly account: AccountId; readonly status: LaneStatus };
  flow: { readonly flow: FlowId; readonly step: FlowStep };
  typing: { readonly conversation: ConversationId; readonly on: boolean };
  /** The shell asks the page to show a conversation (a notification was clicked). */
  open: { readonly conversation: ConversationId };
}
export type EventName = keyof Events;

/** Most `changed` events a listener gets in a second. */
export const MAX_EVENTS_PER_SECOND = 20;
