import type { ReactNode } from 'react';
import type { ConversationId } from '../../shared/ids.ts';
import { plainLetters, plainName } from '../../shared/words/plain-name.ts';
import { say } from '../words.ts';
import { cx } from '../ui/classes.ts';
import styles from './quote.module.css';
import { openConversation } from '../app/view.ts';
import type { SaidRow } from './state.ts';

/** What a message answers to; pressed, the list goes there. */
export function Quote({
  quote,
  conversation,
}: {
  readonly quote: NonNullable<SaidRow['quote']>;
  readonly conversation: ConversationId;
}): ReactNode {
  const { id } = quote;
  const inside = <QuoteWords name={quoteName(quote.author)} text={quote.text} />;
  if (id === null) return <blockquote className={styles['quote']}>{inside}</blockquote>;
  return (
    <button
      type="button"
      className={cx(styles['quote'], styles['way'])}
      title={say('message.to-quote')}
      onClick={() => openConversation(conversation, id)}
    >
      {inside}
    </button>
  );
}

function quoteName(author: NonNullable<SaidRow['quote']>['author']): string {
  if (author === null) return '';
  return author.me ? say('message.by-you') : plainName(author.name, say('name.none'));
}

/** Name and first line of what is quoted. */
export function QuoteWords({ name, text }: { readonly name: string; readonly text: string }): ReactNode {
  return (
    <>
      {name === '' ? null : <bdi className={styles['name']}>{name}</bdi>}
      <bdi className={styles['text']}>{plainLetters(text.slice(0, 300).replace(/\s+/gu, ' '))}</bdi>
    </>
  );
}
