import type { EventName, Events } from '../../shared/contract/events.ts';
import { MAX_EVENTS_PER_SECOND } from '../../shared/contract/events.ts';
import type { MessageRow } from '../../shared/contract/message.ts';
import type { AccountId, ConversationId, MessageId } from '../../shared/ids.ts';
import type { LaneStatus } from '../../shared/lane/lane.ts';
import { messageId } from '../../storage/messages.ts';
import type { Touched } from './touched.ts';

const GAP_MS = 1_000 / MAX_EVENTS_PER_SECOND;
/** Between two words of one lane that say the same kind of thing (messages left to fetch), and between two of who writes. */
const LANE_GAP_MS = 200;
/** Most message ids in one event; more than this and the page fetches what it shows anyway. */
export const MAX_EVENT_IDS = 500;

export type Emit = <K extends EventName>(name: K, payload: Events[K]) => void;

/**
 * Messages whose rows go along, and how long their texts may be together, in UTF-16 units. A message that comes alone is shown without being asked
 * for; of many the page asks for those that it shows (decision 38).
 */
export const MAX_EVENT_ROWS = 4;
export const MAX_EVENT_TEXT = 16_384;

/** Tells attached pages what changed: gathered, at most 20 times a second, numbered without gaps. */
export interface News {
  /** Number of the last `changed` event. */
  readonly seq: number;
  changed(touched: Omit<Touched, 'arrived' | 'outbox' | 'expiry' | 'emptied'>): void;
  /** What a lane says of itself; many words of one kind in a row are one. */
  lane(account: AccountId, status: LaneStatus): void;
  /** Somebody writes, or has stopped; how often that changed meanwhile is nobody's concern. */
  typing(conversation: ConversationId, on: boolean): void;
  tell: Emit;
  /** Sends what is gathered now and stops. */
  stop(): void;
}

/** `emit` reaches every attached page; `read` gives rows by their ids, or null where nobody would hear of them. */
export function createNews(
  emit: Emit,
  read: (ids: readonly MessageId[]) => readonly MessageRow[] | null,
): News {
  let seq = 0;
  let lastAt = -Infinity;
  /** Takes back the telling that is to come. */
  let undo: (() => void) | null = null;
  let inbox = false;
  let accounts = false;
  let settings = false;
  const conversations = new Set<ConversationId>();
  const messages = new Set<number>();

  function flush(): void {
    undo = null;
    lastAt = performance.now();
    seq += 1;
    // A flood names conversations only: their lists are fetched again as a whole.
    const ids = messages.size > MAX_EVENT_IDS ? [] : [...messages].map(messageId);
    const told = {
      seq,
      inbox: inbox || messages.size > MAX_EVENT_IDS,
      accounts,
      settings,
      conversations: conversations.size > MAX_EVENT_IDS ? [] : [...conversations],
      messages: ids,
    };
    inbox = accounts = settings = false;
    conversations.clear();
    messages.clear();
    emit('changed', { ...told, rows: rowsOf(ids) });
  }

  function rowsOf(ids: readonly MessageId[]): readonly MessageRow[] | null {
    // Most of what is told names no message: nothing is read for it.
    if (ids.length === 0 || ids.length > MAX_EVENT_ROWS) return null;
    try {
      const rows = read(ids);
      return rows !== null && textOf(rows) <= MAX_EVENT_TEXT ? rows : null;
    } catch {
      // The page asks for them, and is told why it gets none.
      return null;
    }
  }

  /** Per account: what was told last, and what waits to be. */
  const lanes = new Map<AccountId, { kind: LaneStatus['kind']; waiting: LaneStatus | null; at: number }>();
  let laneTimer: ReturnType<typeof setTimeout> | null = null;

  function tellLanes(): void {
    laneTimer = null;
    for (const [account, entry] of lanes)
      if (entry.waiting) {
        emit('lane', { account, status: entry.waiting });
        Object.assign(entry, { waiting: null, at: performance.now() });
      }
  }

  const typing = new Map<ConversationId, boolean>();
  let typingTimer: ReturnType<typeof setTimeout> | null = null;

  function tellTyping(): void {
    typingTimer = null;
    for (const [conversation, on] of typing) emit('typing', { conversation, on });
    typing.clear();
  }

  return {
    typing(conversation, on) {
      typing.set(conversation, on);
      typingTimer ??= setTimeout(tellTyping, LANE_GAP_MS);
    },
    lane(account, status) {
      const entry = lanes.get(account);
      const now = performance.now();
      if (entry?.kind === status.kind && now - entry.at < LANE_GAP_MS) {
        entry.waiting = status;
        laneTimer ??= setTimeout(tellLanes, LANE_GAP_MS);
        return;
      }
      lanes.set(account, { kind: status.kind, waiting: null, at: now });
      emit('lane', { account, status });
    },
    get seq() {
      return seq;
    },
    changed(touched) {
      inbox ||= touched.inbox;
      accounts ||= touched.accounts;
      settings ||= touched.settings;
      for (const id of touched.conversations) conversations.add(id);
      for (const id of touched.messages) messages.add(id);
      if (!inbox && !accounts && !settings && conversations.size === 0 && messages.size === 0) return;
      undo ??= soon(lastAt + GAP_MS - performance.now(), flush);
    },
    tell: emit,
    stop() {
      if (laneTimer) clearTimeout(laneTimer);
      if (typingTimer) clearTimeout(typingTimer);
      if (undo === null) return;
      undo();
      flush();
    },
  };
}

/** Acts after a wait, or at the end of this turn: a timer of Node takes 1 ms at least. Gives what takes it back. */
function soon(waitMs: number, act: () => void): () => void {
  if (waitMs > 0) {
    const timer = setTimeout(act, waitMs);
    return () => clearTimeout(timer);
  }
  const turn = setImmediate(act);
  return () => clearImmediate(turn);
}

const textOf = (rows: readonly MessageRow[]): number =>
  rows.reduce((sum, row) => sum + (row.kind === 'message' ? row.content.text.length : 0), 0);
