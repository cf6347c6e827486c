import type { ReactNode } from 'react';
import type { About } from '../../shared/words/label.ts';
import { nameInSentence } from '../../shared/words/plain-name.ts';
import type { ConversationRow } from '../../shared/contract/conversation.ts';

/** Whom a conversation's sentences name: the other side of a direct one, nobody in a group. */
export function aboutOf(row: Pick<ConversationRow, 'title' | 'kind'>): About {
  return { name: row.kind === 'direct' ? row.title : null };
}

/**
 * A sentence of ours with the names of others in it drawn in the voice of people: sans, in a direction of their own. `name`,
 * or each of `names`, is the name as it was given to the words.
 */
export function Stated({
  text,
  name,
  names = name ? [name] : [],
}: {
  readonly text: string;
  readonly name?: string | null | undefined;
  readonly names?: readonly string[];
}): ReactNode {
  const drawn = names.filter((each) => each !== '').map((each) => nameInSentence(each));
  const parts: ReactNode[] = [];
  let rest = text;
  for (;;) {
    const next = firstOf(rest, drawn);
    if (next === null) break;
    parts.push(
      rest.slice(0, next.at),
      <bdi key={parts.length} className="said">
        {next.said}
      </bdi>,
    );
    rest = rest.slice(next.at + next.said.length);
  }
  return parts.length === 0 ? text : [...parts, rest];
}

/** Of names as they stand in sentences the one that comes first in a text; of two that begin there the longer. */
function firstOf(
  text: string,
  names: readonly string[],
): { readonly at: number; readonly said: string } | null {
  let first: { readonly at: number; readonly said: string } | null = null;
  for (const said of names) {
    const at = text.indexOf(said);
    if (at < 0) continue;
    if (first === null || at < first.at || (at === first.at && said.length > first.said.length))
      first = { at, said };
  }
  return first;
}
