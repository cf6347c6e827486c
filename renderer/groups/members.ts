import { useEffect, useState } from 'react';
import type { CallArgs } from '../../shared/contract/calls.ts';
import type { ConversationRow, Members } from '../../shared/contract/conversation.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { call, insist, newRequest } from '../app/core.ts';
import { useChats } from '../chats/store.ts';

/** Who is in a group, asked again whenever its row changes; null until the first answer, and where there is none. */
export function useMembers(conversation: ConversationId | null): Members | null {
  const row = useChats((chats) => (conversation === null ? undefined : chats.rows.get(conversation)));
  const [members, setMembers] = useState<Members | null>(null);
  useEffect(() => {
    let wanted = conversation !== null;
    if (conversation !== null)
      call('group.members', { conversation }).then(
        (answer) => {
          if (wanted) setMembers(answer);
        },
        () => {
          if (wanted) setMembers(null);
        },
      );
    return () => {
      wanted = false;
    };
    // A change of who is in it touches its row.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies
  }, [conversation, row]);
  return members;
}

/** Writes a change of a group down, under the label that is on the screen. @throws PlainsealError */
export async function changeGroup(
  row: ConversationRow,
  change: CallArgs<'group.change'>['change'],
): Promise<void> {
  await insist('group.change', {
    request: newRequest(),
    conversation: row.id,
    change,
    seenLabel: row.labelRevision,
  });
}
