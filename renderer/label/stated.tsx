import type { ReactNode } from 'react';
import type { About } from '../../shared/words/label.ts';
import { nameInSentence } from '../../shared/words/plain-name.ts';
import type { ConversationRow } from '../../shared/contract/conversation.ts';

/** Whom a conversation's sentences name: the other side of a direct one, nobody in a group. */
export function aboutOf(row: Pick<ConversationRow, 'title' | 'kind'>): About {
  return { name: row.kind === 'direct' ? row.title : null };
}

/**
 * A sentence of ours with the names of others in it drawn in the voice of people: sans, in a direction of their own. `name`
 * is the name as it was given to the words.
 */
export function Stated({
  text,
  name,
}: {
  readonly text: string;
  readonly name: string | null | undefined;
}): ReactNode {
  const said = name ? nameInSentence(name) : '';
  const at = said === '' ? -1 : text.indexOf(said);
  if (at < 0) return text;
  return (
    <>
      {text.slice(0, at)}
      <bdi className="said">{said}</bdi>
      {text.slice(at + said.length)}
    </>
  );
}
