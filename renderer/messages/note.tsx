import type { ReactNode } from 'react';
import type { ConversationRow } from '../../shared/contract/conversation.ts';
import type { MessageRow } from '../../shared/contract/message.ts';
import { plainLetters } from '../../shared/words/plain-name.ts';
import { aboutOf, Stated } from '../label/stated.tsx';
import { cx } from '../ui/classes.ts';
import { words } from '../words.ts';
import styles from './note.module.css';

/** Notes that cut the conversation in two: what follows stands under another key. */
const CUTS: readonly string[] = ['identity-changed', 'check-failed'];

/** A row that Plainseal states itself, in its own voice; what it quotes stays in theirs. */
export function NoteRow({
  row,
  chat,
  start,
}: {
  readonly row: Extract<MessageRow, { kind: 'note' }>;
  readonly chat: ConversationRow;
  readonly start: boolean;
}): ReactNode {
  const about = aboutOf(chat);
  const { what, todo } = words.note(row.code, about, row.who);
  const names = words.namesIn(about, row.who);
  const cut = CUTS.includes(row.code);
  return (
    <div
      className={cx(styles['note'], cut && styles['cut'])}
      role="note"
      data-testid="note"
      data-message={row.id}
      data-start={start || undefined}
      // As messages do: one goes through the log by arrows.
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={start ? 0 : -1}
    >
      <p className={styles['what']}>
        <span>
          <Stated text={what} names={names} />
        </span>
      </p>
      {todo === null ? null : (
        <p>
          <Stated text={todo} names={names} />
        </p>
      )}
      {row.quoted === null ? null : (
        <blockquote className={styles['quoted']} dir="auto">
          {plainLetters(row.quoted.slice(0, 1_000))}
        </blockquote>
      )}
    </div>
  );
}
