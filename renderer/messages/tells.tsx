import type { ReactNode } from 'react';
import type { ConversationRow } from '../../shared/contract/conversation.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { isWeak } from '../../shared/label/label.ts';
import { insist, newRequest } from '../app/core.ts';
import { showSheet } from '../app/view.ts';
import { useChats } from '../chats/store.ts';
import { Sheet } from '../ui/sheet.tsx';
import { Toggle } from '../ui/toggle.tsx';
import { say } from '../words.ts';
import styles from './tells.module.css';

/** What the other side is told besides messages. Core decides at each turn; these are its switches. */
export function TellsSheet({ conversation }: { readonly conversation: ConversationId }): ReactNode {
  const row = useChats((chats) => chats.rows.get(conversation));
  if (!row) return null;
  const means = say(isWeak(row.label.readers) ? 'tells.weak' : 'tells.means');
  return (
    <Sheet title={say('tells.title')} sub={say('tells.sub')} onClose={() => showSheet(null)}>
      <div className={styles['tells']}>
        <One row={row} what="read" able={row.can['read-receipt'] === 'yes'} means={means} />
        <One row={row} what="typing" able={row.can.typing === 'yes'} means={means} />
        <p>{say('tells.previews')}</p>
      </div>
    </Sheet>
  );
}

function One({
  row,
  what,
  able,
  means,
}: {
  readonly row: ConversationRow;
  readonly what: 'read' | 'typing';
  readonly able: boolean;
  readonly means: string;
}): ReactNode {
  if (!able) return <p>{say(what === 'read' ? 'cannot.read-receipt' : 'cannot.typing')}</p>;
  return (
    <Toggle
      label={say(`tells.${what}`)}
      means={means}
      checked={row.tells[what]}
      onChange={(on) => {
        const change = what === 'read' ? { tellsRead: on } : { tellsTyping: on };
        // A change that fails shows by not happening.
        insist('conversation.set', { request: newRequest(), conversation: row.id, ...change }).catch(
          () => undefined,
        );
      }}
    />
  );
}
