import type { ConversationRow } from '../../shared/contract/conversation.ts';
import type { Settings } from '../../shared/contract/settings.ts';
import { NO_FLOOR, type Floor } from '../../shared/label/floor.ts';
import { isWeak, type Label } from '../../shared/label/label.ts';
import { belowFloor } from '../../shared/label/rules.ts';
import type { Conversation, Tells } from '../../storage/conversations.ts';

/**
 * What the other side is told of me: that I read, that I write. Off where the conversation is weak, unless the person turned it on
 * while it was: what was chosen in a private conversation is no choice for one that no longer is. Below the floor nothing is told.
 */
export function tellsOf(
  { label, tellsRead, tellsTyping }: Pick<Conversation, 'label' | 'tellsRead' | 'tellsTyping'>,
  { readReceipts }: Pick<Settings, 'readReceipts'>,
  floor: Floor,
): ConversationRow['tells'] {
  if (floor !== NO_FLOOR && (label === null || belowFloor(label, floor)))
    return { read: false, typing: false };
  const weak = label === null || isWeak(label.readers);
  const told = (chosen: Tells, otherwise: boolean): boolean =>
    chosen === null ? otherwise && !weak : chosen === 'always' || (chosen === 'private' && !weak);
  return { read: told(tellsRead, readReceipts), typing: told(tellsTyping, true) };
}

/** What turning a switch means in a conversation as it is now. */
export const tellsFrom = (on: boolean, label: Label | null): Exclude<Tells, null> =>
  !on ? 'never' : label === null || isWeak(label.readers) ? 'always' : 'private';
