import type { NetworkKey } from '../../../shared/ids.ts';
import type { HoldReason } from '../../../shared/label/facts.ts';
import type { AccountSetup, Again } from '../../../shared/lane/flow.ts';
import { isQuiet } from '../../../shared/lane/intent.ts';
import type { StateWrite } from '../../../shared/lane/state.ts';
import { describeAccount } from '../../../storage/accounts.ts';
import { keepSetup } from '../../../storage/again.ts';
import {
  findConversation,
  holdsOf,
  patchConversation,
  type Conversation,
} from '../../../storage/conversations.ts';
import { forgetCopied, isCopied } from '../../../storage/copies.ts';
import type { Database } from '../../../storage/database.ts';
import { replaceCells } from '../../../storage/lane-state.ts';
import { setMyRole } from '../../../storage/memberships.ts';
import { setSendState } from '../../../storage/messages.ts';
import { dropAllArtifacts } from '../../../storage/artifacts.ts';
import { emptyIntent, openItemsOf, setOutboxState, type Outgoing } from '../../../storage/outbox.ts';
import { touchMessage } from '../touched.ts';
import { touchDeleted } from './deletion.ts';
import { dropGroupChange } from './group.ts';
import { putNote } from './peer-change.ts';
import { holdAfterForecast, identityChanged, relabel, releaseIfNothingHeld } from './relabel.ts';
import type { Scope } from './scope.ts';

/** Stops the conversations of a ratchet that came with a copy; what is stopped so already is not touched. */
export function stopCopied(scope: Scope): void {
  for (const { id, hold } of holdsOf(scope.db, scope.account.id))
    if (hold !== 'clone-suspected') relabel(scope, id);
}

/**
 * An account begins anew in its own place, all in the caller's transaction: everything that sealed or opened for it is gone, with
 * what was sealed and not yet sent; `work` is what it begins with. Conversations, messages, people, their keys and checks, floors and
 * consents stay: who has another key by now stops the conversation, as ever.
 */
export function beginAnew(
  scope: Scope,
  { keeps, work }: { readonly keeps: Again['keeps']; readonly work: readonly StateWrite[] },
): void {
  const { db, account } = scope;
  const copied = isCopied(db, account.id);
  for (const item of openItemsOf(db, account.id)) settleOld(scope, item, copied);
  dropAllArtifacts(db, account.id);
  replaceCells(db, account.id, keeps, work);
  forgetCopied(db, account.id);
  for (const { id } of holdsOf(db, account.id)) {
    const conversation = findConversation(db, id);
    if (conversation === null) continue;
    partFromGroup(scope, conversation);
    if (conversation.hold === 'clone-suspected') relabel(scope, id, holdAnew(db, conversation));
    else releaseIfNothingHeld(scope, id);
  }
  scope.touched.accounts = true;
  scope.touched.outbox = true;
}

/** A device that was linked again takes the place of the one before, all in the caller's transaction. */
export function takePlace(scope: Scope, setup: AccountSetup): void {
  const { db, account } = scope;
  describeAccount(db, account.id, setup);
  beginAnew(scope, { keeps: setup.again?.keeps ?? [], work: setup.work });
  keepSetup(db, account.id, setup);
}

/** What was sealed before, or waits in a copy, may have gone out already: only the person sends it again. What the protocol itself sends spoke of what is no more. */
function settleOld(scope: Scope, item: Outgoing, copied: boolean): void {
  const { db } = scope;
  if (isQuiet(item.intent)) {
    setOutboxState(db, item.id, 'cancelled');
    emptyIntent(db, item);
    return;
  }
  if (item.state !== 'sealed' && !copied) return;
  setOutboxState(db, item.id, 'failed');
  dropGroupChange(scope, item, true);
  touchDeleted(scope, item);
  if (item.message === null || item.conversation === null) return;
  setSendState(db, item.message, 'failed', scope.now, 'link-lost');
  touchMessage(scope.touched, item.conversation, item.message);
}

/** The old state alone was in the group: somebody in it has to add me again. */
function partFromGroup(scope: Scope, { id, kind, state }: Conversation): void {
  const { db, now } = scope;
  if (kind !== 'group' || (state !== 'active' && state !== 'request')) return;
  setMyRole(db, id, null, null);
  patchConversation(db, id, { state: 'left' });
  putNote(scope, {
    conversation: id,
    key: `note|group-lost|${id}|${now}` as NetworkKey,
    code: 'group-lost',
    quoted: null,
  });
}

/** What stops a conversation besides the copy. */
const holdAnew = (db: Database, conversation: Conversation): HoldReason | null =>
  identityChanged(db, conversation) ? 'identity-changed' : holdAfterForecast(db, conversation, null);
