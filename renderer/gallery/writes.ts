import type { Calls } from '../../shared/contract/calls.ts';
import type { ConversationRow } from '../../shared/contract/conversation.ts';
import type { MessageRow } from '../../shared/contract/message.ts';
import { PlainsealError } from '../../shared/errors.ts';
import type { ConversationId, FileId, MessageId, NetworkKey, PeerId } from '../../shared/ids.ts';
import type { Handlers } from '../../shared/wire/rpc.ts';
import { checked, minutesAgo } from './labels.ts';
import type { Groups } from './groups.ts';
import { chatOf, consentTo, saidOf, type Memory, type Said, type Tell } from './memory.ts';
import type { Reads } from './reads.ts';

type Flows = 'flow.start' | 'flow.answer' | 'flow.cancel';
type Writes = Exclude<keyof Calls, Reads | Flows | Groups>;

/** Calls that change what the memory holds. A request that was answered is answered the same again. */
export function writes(memory: Memory, tell: Tell): Pick<Handlers<Calls>, Writes> {
  const once = <T>(request: string, act: () => T): T => {
    if (memory.answered.has(request)) return memory.answered.get(request) as T;
    const answer = act();
    memory.answered.set(request, answer);
    return answer;
  };
  const patch = (id: ConversationId, change: Partial<ConversationRow>): void => {
    memory.chats.set(id, { ...chatOf(memory, id), ...change });
    tell([id], []);
  };
  const putMessage = (row: MessageRow): void => {
    memory.messages.set(row.id, row);
    tell([row.conversation], [row.id]);
  };
  const setBlocked = (peer: PeerId, blocked: boolean): void => {
    const peers = memory.persons.find((each) => each.includes(peer)) ?? [peer];
    for (const row of memory.chats.values())
      if (row.kind === 'direct' && row.peer !== null && peers.includes(row.peer))
        patch(row.id, { state: blocked ? 'blocked' : 'active' });
  };
  return {
    'account.remove': ({ request, account }) =>
      once(request, () => {
        memory.accounts = memory.accounts.filter((row) => row.id !== account);
        tell([], [], { accounts: true });
        return true;
      }),
    'account.go-on': () => true,
    'account.reconnect': () => null,
    'disclosure.accept': ({ network, version }) => {
      memory.disclosures = memory.disclosures.map((each) =>
        each.network === network ? { ...each, acceptedAt: minutesAgo(0), acceptedVersion: version } : each,
      );
      const accepted = memory.disclosures.find((each) => each.network === network);
      if (accepted) memory.consents = [consentTo(accepted, minutesAgo(0)), ...memory.consents];
      return null;
    },
    'disclosure.withdraw': ({ network }) => {
      memory.disclosures = memory.disclosures.map((each) =>
        each.network === network ? { ...each, acceptedAt: null, acceptedVersion: null, change: null } : each,
      );
      memory.consents = memory.consents.map((each) =>
        each.network === network ? { ...each, withdrawnAt: minutesAgo(0) } : each,
      );
      return null;
    },
    'conversation.set': ({ conversation, pinned, muted, archived, tellsRead, tellsTyping }) => {
      const { tells } = chatOf(memory, conversation);
      patch(conversation, {
        tells: { read: tellsRead ?? tells.read, typing: tellsTyping ?? tells.typing },
        ...(pinned === undefined ? {} : { pinned }),
        ...(muted === undefined ? {} : { muted }),
        ...(archived === undefined ? {} : { archived }),
      });
      return null;
    },
    'conversation.read': ({ conversation }) => {
      patch(conversation, { unread: 0, firstUnread: null });
      return null;
    },
    'conversation.accept': ({ conversation }) => {
      patch(conversation, { state: 'active' });
      return null;
    },
    'conversation.timer': ({ conversation, ms }) => {
      patch(conversation, { timer: ms });
      return null;
    },
    'conversation.block': ({ conversation }) => {
      patch(conversation, { state: 'blocked' });
      return null;
    },
    'person.merge': ({ peer, with: other }) => {
      const both = memory.persons.filter((each) => each.includes(peer) || each.includes(other));
      memory.persons = [
        ...memory.persons.filter((each) => !both.includes(each)),
        [...new Set([...both.flat(), peer, other])],
      ];
      tell([], []);
      return null;
    },
    'person.apart': ({ peer }) => {
      memory.persons = memory.persons
        .map((each) => each.filter((one) => one !== peer))
        .filter((each) => each.length > 1);
      tell([], []);
      return null;
    },
    'person.block': ({ peer }) => {
      setBlocked(peer, true);
      return null;
    },
    'person.unblock': ({ peer }) => {
      setBlocked(peer, false);
      return null;
    },
    'message.send': ({ request, conversation, content }) =>
      once(request, () => {
        memory.nextId += 1;
        const id = String(memory.nextId) as MessageId;
        const chat = chatOf(memory, conversation);
        const at = Date.now();
        const row: Said = {
          kind: 'message',
          id,
          key: `key-${id}` as NetworkKey,
          conversation,
          author: { me: true },
          sentAt: at,
          receivedAt: at,
          content,
          files: content.files.map((file) => {
            const known = memory.files.get(file);
            return {
              id: file,
              name: known?.name ?? '',
              type: known?.type ?? '',
              size: known?.size ?? 0,
              state: 'here',
            };
          }),
          quote: quoted(memory, content.quote),
          reactions: [],
          editedAt: null,
          deleted: false,
          expires: chat.timer === null ? null : { afterMs: chat.timer, at: at + chat.timer },
          sending: { state: 'queued', at, hold: null, failure: null, readAt: null, acceptedAt: null },
          label: chat.label,
        };
        memory.chats.set(conversation, {
          ...chat,
          lastAt: at,
          draft: null,
          snippet: { kind: 'text', text: content.text, mine: true, state: 'queued' },
        });
        putMessage(row);
        queueMicrotask(() =>
          putMessage({
            ...row,
            sending: { state: 'sent', at, hold: null, failure: null, readAt: null, acceptedAt: at },
          }),
        );
        return { kind: 'queued', id };
      }),
    'message.cancel': ({ id }) => {
      const row = saidOf(memory, id);
      if (row.sending) putMessage({ ...row, sending: { ...row.sending, state: 'cancelled' } });
      return true;
    },
    'message.retry': ({ id }) => {
      const row = saidOf(memory, id);
      if (row.sending) putMessage({ ...row, sending: { ...row.sending, state: 'queued', failure: null } });
      return true;
    },
    'message.react': ({ id, emoji }) => {
      const row = saidOf(memory, id);
      const others = row.reactions
        .map((each) => ({ ...each, by: each.by.filter((author) => !author.me) }))
        .filter((each) => each.by.length > 0);
      const mine = emoji.map((each) => ({
        emoji: each,
        by: [...(others.find((other) => other.emoji === each)?.by ?? []), { me: true } as const],
      }));
      putMessage({ ...row, reactions: [...others.filter((other) => !emoji.includes(other.emoji)), ...mine] });
      return null;
    },
    'message.delete': ({ id }) => {
      const row = saidOf(memory, id);
      const content = { text: '', ranges: [], files: [] };
      const deleted = { ...row, content, files: [], quote: null, reactions: [], deleted: true };
      const { account, can } = chatOf(memory, row.conversation);
      if (!row.author.me || can['delete-for-all'] !== 'yes') {
        putMessage(deleted);
        return null;
      }
      // Out of reach it waits for ever, so that waiting can be looked at.
      const isOut = memory.accounts.find(({ id: each }) => each === account)?.status.kind === 'online';
      putMessage({ ...deleted, asked: isOut ? 'sent' : 'waiting' });
      return null;
    },
    'hold.resolve': ({ conversation, choice }) => {
      const chat = chatOf(memory, conversation);
      if (choice === 'check-first') return null;
      for (const row of memory.messages.values()) {
        if (row.conversation !== conversation || row.kind !== 'message' || row.sending?.state !== 'held')
          continue;
        if (choice === 'discard') memory.messages.delete(row.id);
        else memory.messages.set(row.id, { ...row, sending: { ...row.sending, state: 'sent', hold: null } });
        tell([conversation], [row.id]);
      }
      if (choice !== 'discard') patch(conversation, { label: { ...chat.label, sending: { ok: true } } });
      return null;
    },
    'draft.save': ({ conversation, content }) => {
      const chat = chatOf(memory, conversation);
      memory.chats.set(conversation, { ...chat, draft: content });
      return null;
    },
    'file.pick': () => ({ grants: [] }),
    'file.begin': ({ name, type, size }) => {
      const file = crypto.randomUUID() as FileId;
      memory.files.set(file, { name, type, size, bytes: 0 });
      return { file };
    },
    'file.chunk': ({ file, at, bytes }) => {
      const known = memory.files.get(file);
      if (!known || known.bytes !== at) throw new PlainsealError('bad-request', 'chunk out of place');
      known.bytes += bytes.byteLength;
      return { credit: 64 * 1024 };
    },
    'file.drop': ({ file }) => {
      memory.files.delete(file);
      return null;
    },
    'file.save': () => true,
    'profile.passphrase': () => true,
    'profile.phrase': () => true,
    'settings.set': ({ patch: change }) => {
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      memory.settings = { ...memory.settings, ...given };
      tell([], [], { settings: true, inbox: false });
      return memory.settings;
    },
    'floor.set': ({ peer, floor }) => {
      memory.floors.set(peer, floor);
      for (const row of memory.chats.values())
        if (peer === null || row.peer === peer)
          patch(row.id, { floor: { least: floor, from: peer === null ? 'everybody' : 'person' } });
      return floor;
    },
    'trust.set': ({ peer }) => {
      for (const row of memory.chats.values())
        if (row.peer === peer)
          patch(row.id, { label: { ...row.label, identity: { kind: 'one', trust: checked } } });
      return true;
    },
    'peer.name': ({ peer, name }) => {
      for (const row of memory.chats.values()) if (row.peer === peer) patch(row.id, { title: name });
      return null;
    },
    'report.save': () => true,
    'key.export': () => true,
    'key.reveal': ({ account }) => {
      memory.accounts = memory.accounts.map((row) => (row.id === account ? { ...row, keyKept: true } : row));
      tell([], [], { accounts: true });
      return true;
    },
    'key.import': () => true,
    'typing.set': () => null,
  };
}

function quoted(memory: Memory, key: NetworkKey | undefined): Said['quote'] {
  if (key === undefined) return null;
  for (const row of memory.messages.values())
    if (row.kind === 'message' && row.key === key)
      return { author: row.author, text: row.content.text, id: row.id };
  return { author: null, text: '', id: null };
}
