import { assertNever } from '../../../shared/assert.ts';
import type { Role } from '../../../shared/contract/conversation.ts';
import type { ConversationId, NetworkKey, PeerId } from '../../../shared/ids.ts';
import type { Change, NoteCode } from '../../../shared/lane/change.ts';
import { isBlocked } from '../../../storage/blocked-peers.ts';
import { findConversation, patchConversation } from '../../../storage/conversations.ts';
import {
  dropMember,
  invitedBy,
  isIn,
  putMember,
  roleOf,
  setMyRole,
  takenInBy,
} from '../../../storage/memberships.ts';
import { putNote } from './peer-change.ts';
import { ownConversation, ownPeer, type Scope } from './scope.ts';
import { tellBlock } from './tell-block.ts';

type Member = Extract<Change, { readonly kind: 'member' }>;

/** A row to be stated of a group. Those of one commit that differ in nothing but whom they name become one. */
export type News = {
  readonly code: NoteCode;
  readonly by: PeerId | 'me' | null;
  readonly people: (PeerId | 'me')[];
  readonly quoted: string | null;
};

/**
 * Who is in a group. What is known already is no news; nor is who was there before I was. Who leaves, or is taken out, writes
 * no more: that conversation ends.
 */
export function changeMember(scope: Scope, change: Member): void {
  const { id, kind, state, myRole } = ownConversation(scope, change.conversation);
  const { peer } = change;
  if (change.by !== null && change.by !== 'me') ownPeer(scope, change.by);
  if (peer !== 'me') ownPeer(scope, peer);
  const wasIn = isMineIn(scope, id);
  const before = peer === 'me' ? myRole : roleOf(scope.db, id, peer);
  const by = change.by ?? inviterOf(scope, id, change, before);
  const after = roleAfter(change.act, before);
  const takesIn = change.act === 'invited' || change.act === 'joined';
  if (peer === 'me') setMyRole(scope.db, id, after, takesIn && by !== 'me' ? by : null);
  else if (after === null) dropMember(scope.db, id, peer);
  else putMember(scope.db, { conversation: id, peer, role: after, since: scope.now, by });
  if (peer === 'me' && before !== null && after === null && kind === 'group' && state === 'active')
    patchConversation(scope.db, id, { state: 'left' });
  // Whom I blocked does not ask me into groups either.
  if (
    peer === 'me' &&
    takesIn &&
    state === 'request' &&
    by !== null &&
    by !== 'me' &&
    isBlocked(scope.db, by)
  ) {
    patchConversation(scope.db, id, { state: 'blocked' });
    tellBlock(scope, id, 'blocked');
  }
  scope.memo.stale.add(id);
  const code = codeOf(change, before, after);
  if (kind === 'group' && code !== null && (wasIn || peer === 'me'))
    newsOf(scope, id, { code, by: by === peer ? null : by, people: [peer] });
}

/** Whoever invited somebody has added them, where the lane does not say who has. */
function inviterOf(
  scope: Scope,
  id: ConversationId,
  { act, peer }: Member,
  before: Role | null,
): PeerId | 'me' | null {
  if (act !== 'joined' || before !== 'invited') return null;
  return peer === 'me' ? invitedBy(scope.db, id) : takenInBy(scope.db, id, peer);
}

/** Whether I was in a group before this commit. */
export function isMineIn(scope: Scope, id: ConversationId): boolean {
  const known = scope.memo.mineIn.get(id);
  if (known !== undefined) return known;
  const is = isIn(findConversation(scope.db, id)?.myRole ?? null);
  scope.memo.mineIn.set(id, is);
  return is;
}

/** Keeps a row until the commit is whole. */
export function newsOf(
  scope: Scope,
  id: ConversationId,
  { code, by = null, people = [], quoted = null }: Partial<News> & Pick<News, 'code'>,
): void {
  const all = scope.memo.news.get(id) ?? [];
  scope.memo.news.set(id, all);
  const same = all.find((news) => news.code === code && news.by === by && quoted === null);
  if (same) same.people.push(...people);
  else all.push({ code, by, people: [...people], quoted });
}

/** States what the commit brought, in the order it came. */
export function stateNews(scope: Scope): void {
  for (const [conversation, all] of scope.memo.news)
    for (const { code, by, people, quoted } of all)
      putNote(scope, {
        conversation,
        key: `note|${code}|${crypto.randomUUID()}` as NetworkKey,
        code,
        quoted,
        people,
        by,
      });
  scope.memo.news.clear();
}

/** Null: not in it any more. Who is an admin and is told of as being there stays one. */
function roleAfter(act: Member['act'], before: Role | null): Role | null {
  switch (act) {
    case 'left':
    case 'removed':
      return null;
    case 'promoted':
      return 'admin';
    case 'invited':
      return before ?? 'invited';
    case 'joined':
      return before === 'admin' ? 'admin' : 'member';
    case 'demoted':
      return 'member';
    default:
      return assertNever(act);
  }
}

/** What is stated of it; null where nothing became another. */
function codeOf({ act, peer }: Member, before: Role | null, after: Role | null): NoteCode | null {
  if (before === after) return null;
  const wasIn = isIn(before);
  switch (act) {
    case 'joined':
      return wasIn ? null : 'member-joined';
    case 'left':
      return wasIn ? 'member-left' : null;
    case 'removed':
      if (wasIn) return 'member-removed';
      return peer === 'me' ? null : 'member-not-added';
    case 'promoted':
      return 'member-promoted';
    case 'demoted':
      return before === 'admin' ? 'member-demoted' : null;
    case 'invited':
      return null;
    default:
      return assertNever(act);
  }
}
