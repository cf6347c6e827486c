import { useEffect, useState } from 'react';
import { create } from 'zustand';
import type { CallArgs } from '../../shared/contract/calls.ts';
import type { ConversationRow, Members } from '../../shared/contract/conversation.ts';
import type { Events } from '../../shared/contract/events.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { call, insist, newRequest } from '../app/core.ts';

/**
 * How often each conversation was told to have changed, and all of them at once: who is in a group can become another while
 * its row says the same.
 */
const useTurns = create<{ readonly of: ReadonlyMap<ConversationId, number>; readonly all: number }>(() => ({
  of: new Map(),
  all: 0,
}));

/** Notes which groups may have changed. */
export function groupsChanged({ conversations }: Events['changed']): void {
  useTurns.setState(({ of }) => {
    const turns = new Map(of);
    for (const id of conversations) turns.set(id, (turns.get(id) ?? 0) + 1);
    return { of: turns };
  });
}

/** After a gap nothing that was fetched is known to hold. */
export function reloadGroups(): void {
  useTurns.setState(({ all }) => ({ all: all + 1 }));
}

/** Who is in a group, asked again whenever it changed; null until the first answer, and where there is none. */
export function useMembers(conversation: ConversationId | null): Members | null {
  const turn = useTurns(({ of, all }) => (conversation === null ? 0 : (of.get(conversation) ?? 0) + all));
  const [members, setMembers] = useState<Members | null>(null);
  useEffect(() => {
    if (conversation === null) return undefined;
    const stop = new AbortController();
    call('group.members', { conversation }, stop.signal).then(
      (answer) => {
        if (!stop.signal.aborted) setMembers(answer);
      },
      () => {
        if (!stop.signal.aborted) setMembers(null);
      },
    );
    return () => stop.abort();
    // Each turn asks again.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies
  }, [conversation, turn]);
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
