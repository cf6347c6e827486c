import type { AccountRow, Disclosure } from '../../shared/contract/account.ts';
import type { ConversationRow, Members } from '../../shared/contract/conversation.ts';
import type { Events } from '../../shared/contract/events.ts';
import type { MessageRow } from '../../shared/contract/message.ts';
import { defaultSettings, type Settings } from '../../shared/contract/settings.ts';
import { PlainsealError } from '../../shared/errors.ts';
import type { ConversationId, FileId, MessageId } from '../../shared/ids.ts';
import { accounts as someAccounts, chats, disclosures, groupMembers } from './chats.ts';
import { messages } from './messages.ts';

/** A row that somebody said, not a note. */
export type Said = Extract<MessageRow, { kind: 'message' }>;

/** What the in-memory core knows; tests read and change it. */
export type Memory = {
  readonly chats: Map<ConversationId, ConversationRow>;
  readonly messages: Map<MessageId, MessageRow>;
  readonly members: Map<ConversationId, Members>;
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
    members: new Map(full ? groupMembers : []),
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

/** Tells the attached pages what changed. */
export type Tell = (
  conversations: readonly ConversationId[],
  messages: readonly MessageId[],
  also?: Partial<Events['changed']>,
) => void;

/** A conversation. @throws PlainsealError `not-found`. */
export function chatOf(memory: Memory, id: ConversationId): ConversationRow {
  const row = memory.chats.get(id);
  if (!row) throw new PlainsealError('not-found', 'no such conversation');
  return row;
}

/** A message. @throws PlainsealError `not-found`. */
export function saidOf(memory: Memory, id: MessageId): Said {
  const row = memory.messages.get(id);
  if (row?.kind !== 'message') throw new PlainsealError('not-found', 'no such message');
  return row;
}
