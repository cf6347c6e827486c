import type { AccountRow, Consent, Disclosure } from '../../shared/contract/account.ts';
import type { ConversationRow, Members } from '../../shared/contract/conversation.ts';
import type { Events } from '../../shared/contract/events.ts';
import type { MessageRow } from '../../shared/contract/message.ts';
import { defaultSettings, type Settings } from '../../shared/contract/settings.ts';
import { PlainsealError } from '../../shared/errors.ts';
import type { ConversationId, FileId, MessageId, Millis, NetworkId, PeerId } from '../../shared/ids.ts';
import type { Floor } from '../../shared/label/floor.ts';
import { changeSince, sentencesOf } from '../../shared/words/disclosure.ts';
import { accounts as someAccounts, chats, disclosures, groupMembers, persons } from './chats.ts';
import { daysAgo } from './labels.ts';
import { messages } from './messages.ts';

/** A row that somebody said, not a note. */
export type Said = Extract<MessageRow, { kind: 'message' }>;

/** What the in-memory core knows; tests read and change it. */
export type Memory = {
  readonly chats: Map<ConversationId, ConversationRow>;
  readonly messages: Map<MessageId, MessageRow>;
  readonly members: Map<ConversationId, Members>;
  /** Whom the person said to be one: sets of peers. */
  persons: readonly (readonly PeerId[])[];
  accounts: readonly AccountRow[];
  disclosures: readonly Disclosure[];
  consents: readonly Consent[];
  settings: Settings;
  readonly floors: Map<PeerId | null, Floor>;
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
    persons: full ? persons : [],
    accounts: full ? someAccounts : [],
    disclosures: full
      ? disclosures.map((each) => ({ ...each, acceptedAt: daysAgo(200), acceptedVersion: each.version }))
      : disclosures,
    consents: full ? disclosures.map((each) => consentTo(each, daysAgo(200))) : [],
    settings: defaultSettings,
    floors: new Map<PeerId | null, Floor>(
      full ? chats.flatMap(({ peer, floor }) => (floor.from === 'person' ? [[peer, floor.least]] : [])) : [],
    ),
    answered: new Map(),
    asked: [],
    files: new Map(),
    seq: 1,
    nextId: 900_000,
  };
}

/** Acceptance of a disclosure as it reads now. */
export const consentTo = ({ network, version }: Disclosure, acceptedAt: Millis): Consent => ({
  network,
  version,
  acceptedAt,
  said: sentencesOf(network),
  withdrawnAt: null,
});

/** As if the text of a network's disclosure had changed since it was accepted. */
export function changeText(memory: Memory, network: NetworkId): void {
  const said = ['Sealed mail can be read only by its receivers.', ...sentencesOf(network).slice(1)];
  memory.disclosures = memory.disclosures.map((each) =>
    each.network === network
      ? { ...each, version: each.version + 1, change: changeSince(network, said) }
      : each,
  );
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
