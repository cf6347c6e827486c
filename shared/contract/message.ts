import type { ConversationId, FileId, MessageId, Millis, NetworkKey, PeerId } from '../ids.ts';
import type { Evidence } from '../label/evidence.ts';
import type { HoldReason } from '../label/facts.ts';
import type { Label } from '../label/label.ts';
import type { NoteCode } from '../lane/change.ts';
import type { FailureCode } from '../lane/intent.ts';
import type { Content } from './content.ts';
import type { SendState } from './conversation.ts';

export type Author =
  { readonly me: true } | { readonly me: false; readonly peer: PeerId; readonly name: string };

/** Whom a note names: at most a few by name, how many others, and who did it (null: nobody is told of). */
export type NotePeople = {
  readonly people: readonly Author[];
  readonly others: number;
  readonly by: Author | null;
};

export type FileRow = {
  readonly id: FileId;
  readonly name: string;
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  readonly state: 'here' | 'not-fetched' | 'missing';
};

export type ReactionRow = { readonly emoji: string; readonly by: readonly Author[] };

/** How far asking the others is to delete a message of mine too. `held`: sending is stopped; `not-sent`: they are not asked any more. */
export type Asked = 'waiting' | 'held' | 'sent' | 'not-sent';

/** A row of a conversation. */
export type MessageRow =
  | {
      readonly kind: 'message';
      readonly id: MessageId;
      readonly key: NetworkKey;
      readonly conversation: ConversationId;
      readonly author: Author;
      readonly sentAt: Millis;
      readonly receivedAt: Millis;
      readonly content: Content;
      readonly files: readonly FileRow[];
      readonly quote: {
        readonly author: Author | null;
        readonly text: string;
        readonly id: MessageId | null;
      } | null;
      readonly reactions: readonly ReactionRow[];
      readonly editedAt: Millis | null;
      readonly deleted: boolean;
      /** Of what I deleted for everyone. Absent where nobody else is asked. */
      readonly asked?: Asked;
      /** It goes `afterMs` after it was read (mine: sent), which is `at` once that has begun. */
      readonly expires: { readonly afterMs: Millis; readonly at: Millis | null } | null;
      /** Mine only. */
      readonly sending: {
        readonly state: SendState;
        readonly at: Millis;
        readonly hold: HoldReason | null;
        readonly failure: FailureCode | null;
        readonly readAt: Millis | null;
        /** When the network took it, for how long that took. */
        readonly acceptedAt: Millis | null;
        /** Sealed, and waiting without anything of it having gone: it can still be taken back (decision 36). */
        readonly waits?: true;
      } | null;
      /** The label this very message was sealed or opened under; the row shows it where it differs from the conversation's. */
      readonly label: Label;
    }
  | {
      readonly kind: 'note';
      readonly id: MessageId;
      readonly conversation: ConversationId;
      readonly code: NoteCode;
      readonly at: Millis;
      readonly quoted: string | null;
      /** Absent where it names nobody. */
      readonly who?: NotePeople;
    };

/** The "Details" drawer of one message. */
export interface MessageDetails {
  readonly id: MessageId;
  readonly label: Label;
  /** Null: nothing is known of how it was protected. */
  readonly evidence: Evidence | null;
  readonly revisions: readonly {
    readonly at: Millis;
    readonly content: Content;
    readonly evidence: Evidence | null;
  }[];
  readonly reactions: readonly {
    readonly by: Author;
    readonly emoji: readonly string[];
    readonly at: Millis;
    readonly evidence: Evidence | null;
  }[];
  readonly deliveries: readonly { readonly to: string; readonly state: SendState; readonly at: Millis }[];
}

export interface SearchHit {
  readonly id: MessageId;
  readonly conversation: ConversationId;
  readonly title: string;
  readonly author: Author;
  readonly sentAt: Millis;
  readonly text: string;
}
