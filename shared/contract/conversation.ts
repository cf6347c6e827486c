import type { AccountId, ConversationId, MessageId, Millis, NetworkId, PeerId, PersonId } from '../ids.ts';
import type { Content } from './content.ts';
import type { Author, NotePeople } from './message.ts';
import type { LikeBlocked } from './person.ts';
import type { Standing } from '../label/floor.ts';
import type { Label } from '../label/label.ts';
import type { Trust } from '../label/facts.ts';

export const features = [
  'edit',
  'delete-for-all',
  'reaction',
  'timer',
  'typing',
  'read-receipt',
  'quote',
  'mention',
  'poll',
  'files',
  'rename',
  'add-member',
  'remove-member',
  'set-admin',
  'leave',
] as const;
/** Why a thing that the network can do is not for me to do now. */
export const featureLimits = [
  'admins-only',
  'only-admin', // who is the only admin makes somebody else one before leaving
] as const;
export type FeatureLimit = (typeof featureLimits)[number];
/** What a conversation's network can do, and in it I; `limit` is worded in shared/words. */
export type Capabilities = {
  readonly [F in (typeof features)[number]]: 'yes' | 'no' | { readonly limit: FeatureLimit };
};

/** How long messages may be told to stay, in ms. */
export const timerChoices = [
  30_000, // 30 seconds
  5 * 60_000,
  60 * 60_000,
  8 * 60 * 60_000,
  24 * 60 * 60_000,
  7 * 24 * 60 * 60_000,
  28 * 24 * 60 * 60_000, // 4 weeks
] as const;

export type Snippet =
  | { readonly kind: 'text'; readonly text: string; readonly mine: boolean; readonly state: SendState | null }
  | { readonly kind: 'files'; readonly names: readonly string[]; readonly mine: boolean }
  /** Something that this version cannot show; it is kept for one that can. */
  | { readonly kind: 'newer-version'; readonly mine: boolean }
  | { readonly kind: 'draft'; readonly text: string }
  | { readonly kind: 'waiting'; readonly text: string } // held: sits here, nothing was sent
  | { readonly kind: 'request' }
  | { readonly kind: 'note'; readonly code: string; readonly who?: NotePeople }
  | { readonly kind: 'empty' };

/** A conversation in the list and in its header. */
export interface ConversationRow {
  readonly id: ConversationId;
  readonly account: AccountId;
  readonly kind: 'direct' | 'group' | 'channel' | 'self';
  readonly state: 'request' | 'active' | 'left' | 'blocked';
  readonly title: string;
  readonly peer: PeerId | null;
  readonly person: PersonId | null;
  readonly label: Label;
  /** Rises by one with every change of the label; a send names the one its sender saw. */
  readonly labelRevision: number;
  readonly can: Capabilities;
  /** The least private that a message may go out as; below it what is sent waits here. */
  readonly floor: Standing;
  /** It is stopped since it would go out in the clear, which nobody can allow where it was end to end. */
  readonly neverOpen: boolean;
  /** How long what is written from now on stays after it was read, in ms; null: until it is deleted. */
  readonly timer: Millis | null;
  /** What the other side is told of me now. */
  readonly tells: { readonly read: boolean; readonly typing: boolean };
  /** Messages of somebody who was not accepted that were not kept: there were too many (decision 20). */
  readonly notKept: number;
  readonly unread: number;
  readonly firstUnread: MessageId | null;
  readonly lastAt: Millis;
  readonly snippet: Snippet;
  readonly pinned: boolean;
  readonly muted: boolean;
  readonly archived: boolean;
  readonly draft: Content | null;
}

/** What somebody is in a group; `invited`: is to be in it, and is not yet. */
export type Role = 'member' | 'admin' | 'invited';

/** Somebody else in a group. */
export interface MemberRow {
  readonly peer: PeerId;
  readonly name: string;
  readonly address: string | null;
  readonly role: Role;
  readonly trust: Trust;
  /** I blocked them: what they write here is not shown. */
  readonly blocked: boolean;
  /** What I have changed of them and the group has not been told yet. */
  readonly waits: 'add' | 'remove' | 'promote' | 'demote' | null;
}

/** Who is in a group: admins first, then by name. */
export interface Members {
  readonly rows: readonly MemberRow[];
  /** What I am in it; `by`: who took me in, if that is known. */
  readonly me: { readonly role: Role | null; readonly by: Author | null };
  /** I have left, and the group has not been told yet. */
  readonly leaving: boolean;
  /** The name I have given it, and the group has not been told yet. */
  readonly renaming: string | null;
}

/** Longest name that I give somebody, in UTF-16 units. */
export const MAX_OWN_NAME = 60;

/** Somebody else whose name can be taken for a peer's. */
export interface AlikeName {
  readonly name: string;
  readonly network: NetworkId;
  /** The very same name, letter by letter. */
  readonly isWrittenAlike: boolean;
}

/** A peer in the contact panel. */
export interface PeerRow {
  readonly id: PeerId;
  readonly name: string;
  readonly address: string | null;
  readonly identity: string;
  readonly trust: Trust;
  /** What I call them, where the network tells no names: '' as long as I have given none; null where it does. */
  readonly ownName: string | null;
  /** Others I know whose names look like this one. */
  readonly alike: readonly AlikeName[];
  readonly blocked: boolean;
  /** Somebody I blocked who may be this one; null: none, or this one is blocked. */
  readonly likeBlocked: LikeBlocked | null;
  readonly firstSeenAt: Millis;
  readonly conversations: readonly ConversationId[];
}

/** Somebody an account knows by name, with or without a conversation. */
export interface ContactRow {
  readonly peer: PeerId;
  readonly name: string;
  readonly address: string | null;
  /** What a `chat` flow of the network takes for them. */
  readonly chat: string;
  /** The direct conversation there is. */
  readonly conversation: ConversationId | null;
}

export const sendStates = [
  'queued',
  'sealed',
  'sent', // accepted by the network
  'delivered',
  'read',
  'held',
  'failed',
  'cancelled',
] as const;
export type SendState = (typeof sendStates)[number];
