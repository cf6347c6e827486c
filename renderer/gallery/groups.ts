import type { Calls } from '../../shared/contract/calls.ts';
import type { MemberRow, Members } from '../../shared/contract/conversation.ts';
import { PlainsealError } from '../../shared/errors.ts';
import type { ConversationId, PeerId } from '../../shared/ids.ts';
import type { Handlers } from '../../shared/wire/rpc.ts';
import { chatId, groupCan, NOSTR_ACCOUNT } from './chats.ts';
import { minutesAgo, mls, unchecked } from './labels.ts';
import { chatOf, type Memory, type Tell } from './memory.ts';

export type Groups = 'group.create' | 'group.change' | 'group.members';

/** Groups as core keeps them; what is changed waits for ever, so that waiting can be looked at. */
export function groups(memory: Memory, tell: Tell): Pick<Handlers<Calls>, Groups> {
  const membersOf = (id: ConversationId): Members => {
    const members = memory.members.get(id);
    if (!members) throw new PlainsealError('not-found', 'no such group');
    return members;
  };
  const put = (id: ConversationId, members: Members): void => {
    memory.members.set(id, members);
    tell([id], []);
  };
  return {
    'group.members': ({ conversation }) => membersOf(conversation),
    'group.create': ({ title, members }) => {
      const id = chatId(`made-${memory.members.size}`);
      memory.chats.set(id, {
        ...chatOf(memory, chatId('cave')),
        id,
        title,
        account: NOSTR_ACCOUNT,
        label: mls({ kind: 'group', checked: 0, changed: 0, of: members.length }),
        can: groupCan('admin'),
        lastAt: minutesAgo(0),
        unread: 0,
        firstUnread: null,
        snippet: { kind: 'note', code: 'group-made' },
      });
      put(id, {
        rows: members.map((peer) => invited(memory, peer)),
        me: { role: 'admin', by: null },
        leaving: false,
        renaming: null,
      });
      return { conversation: id };
    },
    'group.change': ({ conversation, change }) => {
      const members = membersOf(conversation);
      switch (change.act) {
        case 'add':
          put(conversation, {
            ...members,
            rows: [...members.rows, ...change.peers.map((peer) => invited(memory, peer))],
          });
          break;
        case 'remove':
        case 'promote':
        case 'demote':
          put(conversation, {
            ...members,
            rows: members.rows.map((row) => (row.peer === change.peer ? { ...row, waits: change.act } : row)),
          });
          break;
        case 'rename':
          put(conversation, { ...members, renaming: change.title });
          break;
        case 'leave':
          put(conversation, { ...members, leaving: true });
          break;
      }
      return null;
    },
  };
}

/** Somebody who is to be in a group, and is not yet. */
function invited(memory: Memory, peer: PeerId): MemberRow {
  const name = [...memory.chats.values()].find((row) => row.peer === peer)?.title ?? peer;
  return { peer, name, address: null, role: 'invited', trust: unchecked, blocked: false, waits: 'add' };
}
