import type { ReactNode } from 'react';
import type { ConversationRow } from '../../shared/contract/conversation.ts';
import { plainLetters, plainName } from '../../shared/words/plain-name.ts';
import { insist, newRequest } from '../app/core.ts';
import { cx } from '../ui/classes.ts';
import { say } from '../words.ts';
import styles from './reactions.module.css';
import type { SaidRow } from './state.ts';

/** Names shown on one reaction; more are counted. */
const MAX_NAMES = 3;
/** Reactions shown on one message; more are hostile. */
const MAX_SHOWN = 12;

/** My own reactions to a message. */
export function ownReactions(row: SaidRow): readonly string[] {
  return row.reactions.filter(({ by }) => by.some((author) => author.me)).map(({ emoji }) => emoji);
}

/** Adds a reaction of mine, or takes it back when it is there. Whether it may leave is core's to say. */
export function toggleReaction(row: SaidRow, chat: ConversationRow, emoji: string): void {
  const own = ownReactions(row);
  const next = own.includes(emoji) ? own.filter((each) => each !== emoji) : [...own, emoji].slice(-8);
  insist('message.react', {
    request: newRequest(),
    id: row.id,
    emoji: next,
    seenLabel: chat.labelRevision,
    // A reaction that is refused simply does not appear; a stop shows in the header.
  }).catch(() => undefined);
}

/** The reactions to a message, with who gave them. */
export function Reactions({
  row,
  chat,
}: {
  readonly row: SaidRow;
  readonly chat: ConversationRow;
}): ReactNode {
  return row.reactions.slice(0, MAX_SHOWN).map(({ emoji, by }) => {
    const own = by.some((author) => author.me);
    const names = by
      .slice(0, MAX_NAMES)
      .map((author) => (author.me ? say('message.by-you') : plainName(author.name, say('name.none'))));
    const shown = names.join(', ') + (by.length > MAX_NAMES ? ` +${by.length - MAX_NAMES}` : '');
    const sign = plainLetters(emoji.slice(0, 32));
    return (
      <button
        key={emoji}
        type="button"
        className={cx(styles['reaction'], own && styles['own'])}
        disabled={chat.can.reaction === 'no'}
        aria-pressed={own}
        aria-label={say('message.reaction.by', { emoji: sign, names: shown })}
        title={own ? say('message.reaction.own', { emoji: sign }) : shown}
        onClick={() => toggleReaction(row, chat, emoji)}
      >
        <span>{sign}</span> <bdi>{shown}</bdi>
      </button>
    );
  });
}
