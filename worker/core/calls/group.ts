import { assertNever } from '../../../shared/assert.ts';
import { PlainsealError } from '../../../shared/errors.ts';
import { freshId, type ConversationId, type NetworkKey, type PeerId } from '../../../shared/ids.ts';
import { MAX_GROUP_PEERS, type GroupChange, type GroupEdit } from '../../../shared/lane/intent.ts';
import { findAccount } from '../../../storage/accounts.ts';
import { addConversation, findConversation, type Conversation } from '../../../storage/conversations.ts';
import { countMembers, putMember, roleOf, setMyRole, waitingChanges } from '../../../storage/memberships.ts';
import { knowsPeer } from '../../../storage/peers.ts';
import { capabilities, hasGroups } from '../capabilities.ts';
import { addSideIntent } from '../commit/own-intent.ts';
import { putNote } from '../commit/peer-change.ts';
import { relabel } from '../commit/relabel.ts';
import type { Scope } from '../commit/scope.ts';
import { mustMeetFloor } from './floor.ts';
import { mustBeOpen, mustBeSeen } from './send.ts';
import { conversationOf, mustFind, personScope, type CallScope, type Serve } from './scope.ts';

const refused = (why: string): PlainsealError => new PlainsealError('refused', why);

/**
 * Groups: made here, changed by their admins. A change is written down as an intent; what it says of the group holds once the
 * lane has told the group, and until then `group.members` says that it waits.
 */
export function groupCalls(of: CallScope): Serve<'group.create' | 'group.change' | 'group.members'> {
  return {
    'group.create': ({ request, account: id, title, members }) =>
      of.once(
        'group.create',
        request,
        () => mustFind(findAccount(of.db, id), 'account'),
        (account, touched) => {
          if (!hasGroups(account.network)) throw refused('this network has no groups');
          const scope = personScope(of, account, touched);
          return { conversation: create(scope, titleOf(title), members) };
        },
      ),
    'group.change': ({ request, conversation: id, change, seenLabel }) =>
      of.once(
        'group.change',
        request,
        () => conversationOf(of.db, id),
        (_found, touched) => {
          const { conversation, account } = conversationOf(of.db, id);
          mustBeOpen(conversation);
          const scope = personScope(of, account, touched);
          const edit = checked(scope, conversation, change);
          if (edit === null) return null;
          const seen = mustBeSeen(of, conversation, seenLabel);
          if (edit.act !== 'leave' && edit.act !== 'remove') mustMeetFloor(of.db, conversation);
          addSideIntent(scope, id, seen, (key) => ({ kind: 'group', key, change: edit }));
          if (edit.act === 'add') invite(scope, id, edit.peers);
          relabel(scope, id);
          return null;
        },
      ),
    'group.members': async (args) => mustFind(await of.read('group.members', args), 'conversation'),
  };
}

/** The conversation of a group that is to be, with everybody who is to be in it: what is written meanwhile waits behind it. */
function create(scope: Scope, title: string, members: readonly PeerId[]): ConversationId {
  const { db, account, now } = scope;
  const id = freshId<ConversationId>();
  mustBeNew(scope, id, members);
  addConversation(db, {
    id,
    account: account.id,
    network: account.network,
    protocol: 'mls',
    kind: 'group',
    state: 'active',
    peer: null,
    title,
    lastAt: now,
  });
  setMyRole(db, id, 'admin', null);
  invite(scope, id, members);
  relabel(scope, id);
  const key = `note|group-made|${id}` as NetworkKey;
  putNote(scope, { conversation: id, key, code: 'group-made', quoted: null });
  const label = mustFind(findConversation(db, id)?.label ?? null, 'label');
  addSideIntent(scope, id, label, (named) => ({
    kind: 'group',
    key: named,
    change: { act: 'create', title, members },
  }));
  return id;
}

function invite({ db, now }: Scope, conversation: ConversationId, peers: readonly PeerId[]): void {
  for (const peer of peers) putMember(db, { conversation, peer, role: 'invited', since: now, by: 'me' });
}

/** A name without blanks at its ends. */
function titleOf(text: string): string {
  const title = text.trim();
  if (title === '') throw new PlainsealError('bad-request', 'a group has a name');
  return title;
}

/**
 * @throws PlainsealError `refused` for somebody named twice, in it already, or whom this account does not know; `too-large` for more than
 * a group holds.
 */
function mustBeNew({ db, account }: Scope, id: ConversationId, peers: readonly PeerId[]): void {
  if (new Set(peers).size !== peers.length) throw refused('somebody is named twice');
  if (peers.some((peer) => roleOf(db, id, peer) !== null)) throw refused('somebody is in it already');
  // I am one of them.
  if (countMembers(db, id).all + peers.length + 1 > MAX_GROUP_PEERS)
    throw new PlainsealError('too-large', 'more people than a group holds');
  for (const peer of peers)
    if (!knowsPeer(db, account.id, peer)) throw refused('this account does not know them');
}

/**
 * What is to be told to the group; null where that would change nothing.
 * @throws PlainsealError `refused` where what I am in it does not allow it, or it does not fit who is in it.
 */
function checked(scope: Scope, conversation: Conversation, change: GroupEdit): GroupEdit | null {
  const { db } = scope;
  const { id } = conversation;
  const waiting = waitingChanges(db, id);
  if (waiting.some(({ act }) => act === 'leave')) throw refused('I am leaving');
  const can = capabilities({ ...conversation, othersWithoutAdmin: lacksOtherAdmin(scope, id, waiting) });
  const mustBeAble = (feature: 'add-member' | 'remove-member' | 'set-admin' | 'rename' | 'leave'): void => {
    if (can[feature] !== 'yes') throw refused(`not mine to do: ${feature}`);
  };
  const waits = (act: GroupEdit['act'], peer: PeerId): boolean =>
    waiting.some((other) => other.act === act && 'peer' in other && other.peer === peer);
  switch (change.act) {
    case 'add':
      mustBeAble('add-member');
      mustBeNew(scope, id, change.peers);
      return change;
    case 'remove':
      mustBeAble('remove-member');
      if (roleOf(db, id, change.peer) === null) throw refused('they are not in it');
      return waits('remove', change.peer) ? null : change;
    case 'promote':
    case 'demote': {
      mustBeAble('set-admin');
      const wanted = change.act === 'promote' ? 'member' : 'admin';
      if (roleOf(db, id, change.peer) !== wanted) throw refused('they are that already, or not in it');
      if (waits('remove', change.peer)) throw refused('they are being taken out');
      return waits(change.act, change.peer) ? null : change;
    }
    case 'rename': {
      mustBeAble('rename');
      const title = titleOf(change.title);
      const last = waiting.findLast((other) => other.act === 'rename')?.title ?? conversation.title;
      return title === last ? null : { act: 'rename', title };
    }
    case 'leave':
      mustBeAble('leave');
      return change;
    default:
      return assertNever(change);
  }
}

/** Whether others would be left in the group with no admin among them, once what waits has been told. */
function lacksOtherAdmin({ db }: Scope, id: ConversationId, waiting: readonly GroupChange[]): boolean {
  const { joined, admins } = countMembers(db, id);
  const going = waiting.flatMap((change) =>
    (change.act === 'demote' || change.act === 'remove') && roleOf(db, id, change.peer) === 'admin'
      ? [change.peer]
      : [],
  );
  return joined > 0 && admins <= new Set(going).size;
}
