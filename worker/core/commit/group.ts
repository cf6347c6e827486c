import type { ConversationId } from '../../../shared/ids.ts';
import { patchConversation } from '../../../storage/conversations.ts';
import { dropMember, roleOf, setMyRole } from '../../../storage/memberships.ts';
import { openItems, type Outgoing } from '../../../storage/outbox.ts';
import { letGo } from './let-go.ts';
import { newsOf, stateNews } from './member-change.ts';
import { relabel } from './relabel.ts';
import type { Scope } from './scope.ts';

/** Cancels an item that has not been handed over yet; its message stays and says so, and a change of a group comes to nothing. */
export function cancelItem(scope: Scope, item: Outgoing): void {
  letGo(scope, item);
  dropGroupChange(scope, item, false);
}

/**
 * A change of a group that comes to nothing: who was to be in it is not, and that is stated. A group that was not made takes
 * no messages, and what waited behind it is not sent. `told`: whether the person is told that it failed, and not its canceller.
 */
export function dropGroupChange(scope: Scope, item: Outgoing, told: boolean): void {
  const { what } = item.intent;
  const id = item.conversation;
  if (what.kind !== 'group' || id === null) return;
  const { change } = what;
  const named = change.act === 'create' ? change.members : change.act === 'add' ? change.peers : [];
  for (const peer of named) if (roleOf(scope.db, id, peer) === 'invited') dropMember(scope.db, id, peer);
  if (change.act === 'create') endUnmade(scope, id);
  if (told) newsOf(scope, id, { code: change.act === 'create' ? 'group-not-made' : 'group-not-changed' });
  stateNews(scope);
  relabel(scope, id);
}

function endUnmade(scope: Scope, id: ConversationId): void {
  setMyRole(scope.db, id, null, null);
  patchConversation(scope.db, id, { state: 'left' });
  for (const item of openItems(scope.db, id)) cancelItem(scope, item);
}
