import type { AccountId, ConversationId, Millis, NetworkId, PeerId, PersonId } from '../ids.ts';
import type { Trust } from '../label/facts.ts';
import type { Label } from '../label/label.ts';

/** One way to somebody: a peer, as one account of mine knows it. */
export interface RouteRow {
  readonly peer: PeerId;
  readonly account: AccountId;
  readonly network: NetworkId;
  /** What they are called there. */
  readonly name: string;
  readonly address: string | null;
  /** Of this peer and account alone: checking one way says nothing of another. */
  readonly trust: Trust;
  /** The conversation of two there is, its label and when something last happened in it; null: none yet. */
  readonly conversation: {
    readonly id: ConversationId;
    readonly label: Label;
    readonly lastAt: Millis;
  } | null;
  /** What a `chat` flow of the network takes for them; null: it cannot be started from here. */
  readonly chat: string | null;
  readonly blocked: boolean;
}

/** Somebody in my address book, with every way to them: what protects most first. */
export interface PersonRow {
  /** Null: an entry of one peer. */
  readonly person: PersonId | null;
  readonly routes: readonly RouteRow[];
}

/** Why somebody is taken for one whom I blocked: I said so, the address is the same, or the name looks the same. */
export const likenesses = ['same-person', 'same-address', 'name'] as const;

/** Somebody I blocked who may be this one. */
export interface LikeBlocked {
  readonly name: string;
  readonly network: NetworkId;
  readonly why: (typeof likenesses)[number];
}
