import { useState, type ReactNode } from 'react';
import { timerChoices } from '../../shared/contract/conversation.ts';
import type { ConversationId, Millis } from '../../shared/ids.ts';
import { insist, newRequest } from '../app/core.ts';
import { showSheet } from '../app/view.ts';
import { useChats } from '../chats/store.ts';
import { Choice } from '../ui/choice.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { say, words } from '../words.ts';
import styles from './timer.module.css';

const OFF = 'off';

/** How long messages of a conversation stay: one of a few times, or until they are deleted. */
export function TimerSheet({ conversation }: { readonly conversation: ConversationId }): ReactNode {
  const now = useChats((chats) => chats.rows.get(conversation)?.timer ?? null);
  const [failed, setFailed] = useState(false);
  // A time that another app chose and is none of ours stands among them.
  const times: readonly Millis[] = [...new Set<Millis>([...timerChoices, ...(now === null ? [] : [now])])];

  function choose(value: string): void {
    const ms = timerChoices.find((choice) => String(choice) === value) ?? null;
    if (ms === null && value !== OFF) return;
    setFailed(false);
    insist('conversation.timer', { request: newRequest(), conversation, ms }).then(
      () => showSheet(null),
      () => setFailed(true),
    );
  }

  return (
    <Sheet title={say('chat.timer')} sub={say('chat.timer.sub')} onClose={() => showSheet(null)}>
      <Choice
        label={say('chat.timer.choice')}
        means={say('chat.timer.means')}
        value={now === null ? OFF : String(now)}
        options={[
          { value: OFF, label: say('chat.timer.off') },
          ...times.toSorted((a, b) => a - b).map((ms) => ({ value: String(ms), label: words.stay(ms) })),
        ]}
        onChange={choose}
      />
      <output className={styles['told']}>{failed ? say('chat.timer.failed') : null}</output>
    </Sheet>
  );
}
