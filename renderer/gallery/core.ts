import type { CallArgs, Calls } from '../../shared/contract/calls.ts';
import { callSchemas } from '../../shared/contract/calls.ts';
import type { AccountRow, Disclosure } from '../../shared/contract/account.ts';
import type { ConversationRow } from '../../shared/contract/conversation.ts';
import type { EventName, Events } from '../../shared/contract/events.ts';
import type { MessageRow } from '../../shared/contract/message.ts';
import { defaultSettings, type Settings } from '../../shared/contract/settings.ts';
import { PlainsealError } from '../../shared/errors.ts';
import type { ConversationId, FileId, MessageId, NetworkKey } from '../../shared/ids.ts';
import type { Pipe } from '../../shared/wire/pipe.ts';
import { link, type Handlers, type Link } from '../../shared/wire/rpc.ts';
import * as v from 'valibot';
import { belongs, compareRows } from '../chats/store.ts';
import { compareIds } from '../messages/window.ts';
import { accounts as someAccounts, chats, disclosures } from './chats.ts';
import { ALICE_KEY, checked, minutesAgo, openedHere, sealedHere } from './labels.ts';
import { flows } from './flows.ts';
import { messages } from './messages.ts';
import { pictureBytes } from './picture.ts';

type Said = Extract<MessageRow, { kind: 'message' }>;

/** What the in-memory core knows; tests read and change it. */
export type Memory = {
  readonly chats: Map<ConversationId, ConversationRow>;
  readonly messages: Map<MessageId, MessageRow>;
  accounts: readonly AccountRow[];
  disclosures: readonly Disclosure[];
  settings: Settings;
  /** Answers already given, by request id: a second asking does nothing a second time. */
  readonly answered: Map<string, unknown>;
  /** Every call that came in, in order. */
  readonly asked: { readonly name: string; readonly args: unknown }[];
  readonly files: Map<
    FileId,
    { readonly name: string; readonly type: string; readonly size: number; bytes: number }
  >;
  seq: number;
  nextId: number;
};

/** A memory with every state in it, or an empty one of a new profile. */
export function fillMemory(kind: 'full' | 'new'): Memory {
  const full = kind === 'full';
  return {
    chats: new Map(full ? chats.map((row) => [row.id, row]) : []),
    messages: new Map(full ? messages.map((row) => [row.id, row]) : []),
    accounts: full ? someAccounts : [],
    disclosures: full
      ? disclosures.map((each) => ({ ...each, acceptedAt: 1, acceptedVersion: each.version }))
      : disclosures,
    settings: defaultSettings,
    answered: new Map(),
    asked: [],
    files: new Map(),
    seq: 1,
    nextId: 900_000,
  };
}

/** A core in memory behind the same contract as the real one: for the gallery and for tests of the page. */
export function fakeCore(memory: Memory): { readonly attach: (pipe: Pipe) => void; readonly tell: Tell } {
  const pages = new Set<Link<Record<never, never>, Events, Record<never, never>>>();

  const tell: Tell = (conversations, ids, also = {}) => {
    memory.seq += 1;
    for (const page of pages)
      page.emit('changed', {
        seq: memory.seq,
        inbox: true,
        accounts: false,
        settings: false,
        conversations,
        messages: ids,
        ...also,
      });
  };

  const emit = <K extends EventName>(name: K, payload: Events[K]): void => {
    for (const page of pages) page.emit(name, payload);
  };

  const serve: Handlers<Calls> = {
    ...reads(memory),
    ...writes(memory, tell),
    ...flows(memory, tell, emit),
  };

  return {
    tell,
    attach(pipe) {
      const page = link<Calls, Record<never, never>, Events, Record<never, never>>({
        pipe,
        serve,
        check(name, args) {
          memory.asked.push({ name, args });
          const schema = Object.hasOwn(callSchemas, name)
            ? callSchemas[name as keyof typeof callSchemas]
            : null;
          const read = schema ? v.safeParse(schema, args) : null;
          if (!read?.success) throw new PlainsealError('bad-request', name);
          return read.output;
        },
      });
      pages.add(page);
      page.ended(() => pages.delete(page));
    },
  };
}

export type Tell = (
  conversations: readonly ConversationId[],
  messages: readonly MessageId[],
  also?: Partial<Events['changed']>,
) => void;

function chatOf(memory: Memory, id: ConversationId): ConversationRow {
  const row = memory.chats.get(id);
  if (!row) throw new PlainsealError('not-found', 'no such conversation');
  return row;
}

function saidOf(memory: Memory, id: MessageId): Said {
  const row = memory.messages.get(id);
  if (row?.kind !== 'message') throw new PlainsealError('not-found', 'no such message');
  return row;
}

type Reads =
  | 'profile.get' | 'account.list' | 'disclosure.list' | 'inbox.page' | 'inbox.counts' | 'conversation.get'
  | 'peer.get' | 'message.page' | 'message.rows' | 'message.details' | 'search' | 'settings.get' | 'file.read'; // prettier-ignore

function reads(memory: Memory): Pick<Handlers<Calls>, Reads> {
  const inOrder = (conversation: ConversationId): readonly MessageRow[] =>
    [...memory.messages.values()]
      .filter((row) => row.conversation === conversation)
      .sort((left, right) => compareIds(left.id, right.id));
  return {
    'profile.get': () => ({
      kind: 'test',
      version: '0.1.0',
      seq: memory.seq,
      keptBy: 'keyring',
    }),
    'account.list': () => ({ rows: memory.accounts }),
    'disclosure.list': () => ({ rows: memory.disclosures }),
    'settings.get': () => memory.settings,
    'inbox.page': ({ filter, before, limit }) => {
      const all = [...memory.chats.values()].filter((row) => belongs(row, filter)).sort(compareRows);
      const from = before === null ? 0 : all.findIndex((row) => row.id === before.id) + 1;
      const rows = all.slice(from, from + limit);
      return { rows, more: from + limit < all.length, seq: memory.seq };
    },
    'inbox.counts': () => {
      const all = [...memory.chats.values()];
      const count = (filter: CallArgs<'inbox.page'>['filter']): number =>
        all.filter((row) => belongs(row, filter)).length;
      return {
        unread: all
          .filter((row) => belongs(row, 'all') && !row.muted)
          .reduce((sum, row) => sum + row.unread, 0),
        stopped: count('stopped'),
        requests: count('requests'),
        drafts: count('drafts'),
      };
    },
    'conversation.get': ({ conversation }) => chatOf(memory, conversation),
    'peer.get': ({ peer }) => {
      const row = [...memory.chats.values()].find((each) => each.peer === peer);
      if (!row) throw new PlainsealError('not-found', 'no such peer');
      return {
        id: peer,
        name: row.title,
        address: `${row.title.split(' ')[0]?.toLowerCase()}@post.example`,
        identity: ALICE_KEY,
        trust: row.label.identity.kind === 'one' ? row.label.identity.trust : { kind: 'unchecked' },
        firstSeenAt: minutesAgo(400_000),
        conversations: [row.id],
      };
    },
    'message.page': ({ conversation, around, side, limit }) => {
      const all = inOrder(conversation);
      const first = chatOf(memory, conversation).firstUnread;
      const wanted = around === 'first-unread' ? (first ?? 'end') : around;
      const at = wanted === 'end' ? all.length : all.findIndex((row) => compareIds(row.id, wanted) >= 0);
      const [from, to] =
        side === 'before'
          ? [Math.max(0, at - limit), at]
          : side === 'after'
            ? [at + 1, at + 1 + limit]
            : [Math.max(0, at - Math.floor(limit / 2)), at + Math.ceil(limit / 2)];
      return {
        rows: all.slice(from, to).map(sized),
        moreBefore: from > 0,
        moreAfter: to < all.length,
        seq: memory.seq,
      };
    },
    'message.rows': ({ ids }) => ({
      rows: ids
        .map((id) => memory.messages.get(id))
        .filter((row) => row !== undefined)
        .map(sized),
    }),
    'message.details': ({ id }) => {
      const row = saidOf(memory, id);
      const evidence = row.label.protocol === 'none' ? null : row.author.me ? sealedHere : openedHere;
      return { id, label: row.label, evidence, revisions: [], deliveries: [] };
    },
    search: ({ text, in: scope, limit }) => {
      const wanted = text.toLowerCase();
      const rows = [...memory.messages.values()]
        .filter((row): row is Said => row.kind === 'message')
        .filter(
          (row) =>
            (scope === null || row.conversation === scope) && row.content.text.toLowerCase().includes(wanted),
        )
        .sort((left, right) => right.receivedAt - left.receivedAt)
        .slice(0, limit)
        .map((row) => ({
          id: row.id,
          conversation: row.conversation,
          title: chatOf(memory, row.conversation).title,
          author: row.author,
          sentAt: row.sentAt,
          text: row.content.text,
        }));
      return { rows, more: false };
    },
    'file.read': ({ at, length }) => pictureBytes.slice(at, at + length),
  };
}

/** The gallery's picture has as many bytes as its drawing made. */
function sized(row: MessageRow): MessageRow {
  if (row.kind === 'note') return row;
  return {
    ...row,
    files: row.files.map((file) => (file.size === 0 ? { ...file, size: pictureBytes.byteLength } : file)),
  };
}

type Flows = 'flow.start' | 'flow.answer' | 'flow.cancel';
type Writes = Exclude<keyof Calls, Reads | Flows>;

function writes(memory: Memory, tell: Tell): Pick<Handlers<Calls>, Writes> {
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
  return {
    'account.remove': ({ request, account }) =>
      once(request, () => {
        memory.accounts = memory.accounts.filter((row) => row.id !== account);
        tell([], [], { accounts: true });
        return true;
      }),
    'account.reconnect': () => null,
    'disclosure.accept': ({ network, version }) => {
      memory.disclosures = memory.disclosures.map((each) =>
        each.network === network ? { ...each, acceptedAt: minutesAgo(0), acceptedVersion: version } : each,
      );
      return null;
    },
    'conversation.set': ({ conversation, pinned, muted, archived }) => {
      patch(conversation, {
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
    'conversation.block': ({ conversation }) => {
      patch(conversation, { state: 'blocked' });
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
      memory.messages.delete(id);
      tell([row.conversation], [id]);
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
    'settings.set': ({ patch: change }) => {
      const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
      memory.settings = { ...memory.settings, ...given };
      tell([], [], { settings: true, inbox: false });
      return memory.settings;
    },
    'trust.set': ({ peer }) => {
      for (const row of memory.chats.values())
        if (row.peer === peer)
          patch(row.id, { label: { ...row.label, identity: { kind: 'one', trust: checked } } });
      return true;
    },
    'key.export': () => true,
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
