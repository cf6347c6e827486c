import type { Draft, EventId, Rumor, Tag } from '../event.ts';
import { isHex } from '../hex.ts';

/** Kinds of events inside MLS messages that this program understands. */
export const CHAT_KIND = 9;
export const REACTION_KIND = 7;
export const DELETE_KIND = 5;
export const EDIT_KIND = 1009;

/** What a member says. Whether they may (their own message?) is for the lane to decide. */
export type AppMessage =
  | {
      readonly kind: 'text';
      readonly text: string;
      readonly replyTo: EventId | null;
      /** Files that come with it (`imeta`, encrypted media v2) and that this version cannot show. */
      readonly files: number;
    }
  | { readonly kind: 'reaction'; readonly target: EventId; readonly emoji: string }
  /** Messages, or reactions, that are taken back. */
  | { readonly kind: 'delete'; readonly targets: readonly EventId[] }
  | { readonly kind: 'edit'; readonly target: EventId; readonly text: string }
  /** An event of another kind, or a known kind without what it needs. Taken, not shown as a message. */
  | { readonly kind: 'unknown'; readonly eventKind: number };

/** White Noise takes no longer reaction. Code points. */
const MAX_EMOJI_LENGTH = 64;
const MAX_TARGETS = 100;

const ref = (target: EventId): Tag => ['e', target];

/** The event that says this. A reply names its target twice, as White Noise does: `e` and `q`. */
export function appMessageDraft(
  message: Exclude<AppMessage, { readonly kind: 'unknown' }>,
  created_at: number,
): Draft {
  switch (message.kind) {
    case 'text': {
      const { replyTo, text } = message;
      const tags = replyTo === null ? [] : [ref(replyTo), ['q', replyTo]];
      return { created_at, kind: CHAT_KIND, tags, content: text };
    }
    case 'reaction':
      return { created_at, kind: REACTION_KIND, tags: [ref(message.target)], content: message.emoji };
    case 'delete':
      return { created_at, kind: DELETE_KIND, tags: message.targets.map(ref), content: '' };
    case 'edit':
      return { created_at, kind: EDIT_KIND, tags: [ref(message.target)], content: message.text };
  }
}

/** The ids that tags of this name refer to, each once, in their order. */
function refs(tags: readonly Tag[], name: string): readonly EventId[] {
  const values = tags
    .filter(([first, value]) => first === name && isHex(value, 32))
    .map(([, value]) => value);
  return [...new Set(values)].slice(0, MAX_TARGETS) as EventId[];
}

/** NIP-25: `+` and nothing mean a like, `-` a dislike. Null for text that is no reaction. */
function emojiOf(content: string): string | null {
  if (content === '+' || content === '') return '👍';
  if (content === '-') return '👎';
  const short = Array.from(content).length <= MAX_EMOJI_LENGTH;
  return short && !/[\p{Cc}\s]/u.test(content) ? content : null;
}

/** What an event of a member says. */
export function readAppMessage({ kind, tags, content }: Rumor): AppMessage {
  const unknown: AppMessage = { kind: 'unknown', eventKind: kind };
  const [target, ...more] = refs(tags, 'e');
  switch (kind) {
    case CHAT_KIND: {
      const replyTo = refs(tags, 'q')[0] ?? target ?? null;
      const files = tags.filter(([name]) => name === 'imeta').length;
      return { kind: 'text', text: content, replyTo, files };
    }
    case REACTION_KIND: {
      const emoji = emojiOf(content);
      return target === undefined || more.length > 0 || emoji === null
        ? unknown
        : { kind: 'reaction', target, emoji };
    }
    case DELETE_KIND:
      return target === undefined ? unknown : { kind: 'delete', targets: [target, ...more] };
    case EDIT_KIND:
      return target === undefined || more.length > 0 ? unknown : { kind: 'edit', target, text: content };
    default:
      return unknown;
  }
}
