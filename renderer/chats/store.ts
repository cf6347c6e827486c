import { create } from 'zustand';
import type { CallResults } from '../../shared/contract/calls.ts';
import type { ConversationRow } from '../../shared/contract/conversation.ts';
import type { Events } from '../../shared/contract/events.ts';
import { kindOf } from '../../shared/errors.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { call } from '../app/core.ts';
import { useView, type Filter } from '../app/view.ts';

/** Rows asked for at a time. */
const PAGE = 100;
/** More changed rows than this in one event are cheaper to fetch as a page. */
const MAX_SINGLE_FETCHES = 24;

type Counts = CallResults['inbox.counts'];

type ChatsState = {
  /** Every row known to the page, whatever list it is in. */
  readonly rows: ReadonlyMap<ConversationId, ConversationRow>;
  /** The list shown, in order. */
  readonly order: readonly ConversationId[];
  readonly filter: Filter;
  readonly more: boolean;
  /** Null until the first page of this list is here. */
  readonly loaded: Filter | null;
  readonly counts: Counts | null;
  readonly typing: ReadonlySet<ConversationId>;
};

export const useChats = create<ChatsState>(() => ({
  rows: new Map(),
  order: [],
  filter: 'all',
  more: false,
  loaded: null,
  counts: null,
  typing: new Set(),
}));

/** List order, the same core pages by: pinned first, then the newest, then by id so that equal times never swap. */
export function compareRows(left: ConversationRow, right: ConversationRow): number {
  if (left.pinned !== right.pinned) return left.pinned ? -1 : 1;
  if (left.lastAt !== right.lastAt) return right.lastAt - left.lastAt;
  return left.id < right.id ? -1 : 1;
}

/** Whether a row belongs in a list. The same rule core pages by, so that a changed row can leave without a fetch. */
export function belongs(row: ConversationRow, filter: Filter): boolean {
  if (row.state === 'blocked') return false;
  switch (filter) {
    case 'all':
      return !row.archived;
    case 'unread':
      return !row.archived && row.unread > 0;
    case 'stopped':
      return !row.label.sending.ok;
    case 'requests':
      return row.state === 'request';
    case 'drafts':
      return row.draft !== null;
    case 'archived':
      return row.archived;
  }
}

let turn = 0;
let reloading = false;
let reloadAgain = false;

/** Shows another list: its first page replaces the one shown, once it is here. */
export async function showList(filter: Filter): Promise<void> {
  turn += 1;
  const mine = turn;
  useChats.setState({ filter });
  const page = await call('inbox.page', { filter, before: null, limit: PAGE });
  if (mine !== turn) return;
  useChats.setState((state) => ({
    rows: merged(state.rows, page.rows),
    order: [...page.rows].sort(compareRows).map((row) => row.id),
    more: page.more,
    loaded: filter,
  }));
}

/** Fetches the next page of the list shown; does nothing while one is on its way. */
let extending = false;
export async function extendList(): Promise<void> {
  const { filter, more, order, rows, loaded } = useChats.getState();
  if (!more || extending || loaded !== filter) return;
  const last = order.at(-1);
  const oldest = last === undefined ? undefined : rows.get(last);
  if (!oldest) return;
  extending = true;
  const mine = turn;
  try {
    const page = await call('inbox.page', {
      filter,
      before: { at: oldest.lastAt, id: oldest.id },
      limit: PAGE,
    });
    if (mine !== turn) return;
    useChats.setState((state) => {
      const all = merged(state.rows, page.rows);
      const ids = new Set([...state.order, ...page.rows.map((row) => row.id)]);
      return { rows: all, order: sorted(ids, all), more: page.more };
    });
  } finally {
    extending = false;
  }
}

/** Fetches the head of the list shown and the counts; several calls while one runs become one more. */
export async function reloadChats(): Promise<void> {
  if (reloading) {
    reloadAgain = true;
    return;
  }
  reloading = true;
  try {
    do {
      reloadAgain = false;
      const { filter } = useChats.getState();
      const mine = turn;
      const [page, counts] = await Promise.all([
        call('inbox.page', { filter, before: null, limit: PAGE }),
        call('inbox.counts', {}),
      ]);
      if (mine !== turn) {
        useChats.setState({ counts });
        continue;
      }
      useChats.setState((state) => ({ counts, ...withHead(state, page) }));
    } while (reloadAgain);
  } finally {
    reloading = false;
  }
}

/** Puts a fresh first page over the list: rows that fell out of its span are gone, what lies below it stays. */
function withHead(
  state: ChatsState,
  page: CallResults['inbox.page'],
): Pick<ChatsState, 'rows' | 'order' | 'more' | 'loaded'> {
  const rows = merged(state.rows, page.rows);
  const last = page.rows.at(-1);
  const ids = new Set(page.rows.map((row) => row.id));
  const below = page.more
    ? state.order.filter((id) => {
        const row = rows.get(id);
        return row && last && !ids.has(id) && compareRows(row, last) > 0 && belongs(row, state.filter);
      })
    : [];
  return {
    rows,
    order: sorted(new Set([...ids, ...below]), rows),
    more: below.length > 0 ? state.more : page.more,
    loaded: state.filter,
  };
}

/** Takes one fresh row into the list and the map. */
function put(row: ConversationRow): void {
  useChats.setState((state) => {
    const rows = merged(state.rows, [row]);
    const ids = new Set(state.order);
    if (belongs(row, state.filter)) ids.add(row.id);
    else ids.delete(row.id);
    return { rows, order: sorted(ids, rows) };
  });
}

/** Fetches one conversation, e.g. one that was opened from a notification before its page was listed. */
export async function fetchConversation(conversation: ConversationId): Promise<ConversationRow | null> {
  try {
    const row = await call('conversation.get', { conversation });
    useChats.setState((state) => ({ rows: merged(state.rows, [row]) }));
    return row;
  } catch (error) {
    if (kindOf(error) !== 'not-found') throw error;
    useChats.setState((state) => {
      const rows = new Map(state.rows);
      rows.delete(conversation);
      return { rows, order: state.order.filter((id) => id !== conversation) };
    });
    return null;
  }
}

/** Applies a `changed` event: only what it names is fetched. */
export async function chatsChanged(event: Events['changed']): Promise<void> {
  const many = event.conversations.length > MAX_SINGLE_FETCHES;
  if (event.inbox || many) await reloadChats();
  const open = useView.getState().conversation;
  const { rows, order } = useChats.getState();
  const listed = new Set(order);
  const wanted = new Set(
    event.conversations.filter((id) => id === open || (!event.inbox && !many && rows.has(id))),
  );
  // What is chosen for all conversations changes the one that is looked at, wherever it is in the list.
  if (event.settings && open !== null) wanted.add(open);
  await Promise.all(
    [...wanted].map(async (id) => {
      const row = await fetchConversation(id);
      if (row && listed.has(id)) put(row);
    }),
  );
}

/** A sign that somebody writes fades when it is not given again: what ends it may never come. */
const TYPING_SHOWN_MS = 15_000;
const fading = new Map<ConversationId, ReturnType<typeof setTimeout>>();

/** Notes that somebody writes, or stopped. */
export function typingChanged({ conversation, on }: Events['typing']): void {
  clearTimeout(fading.get(conversation));
  fading.delete(conversation);
  if (on)
    fading.set(
      conversation,
      setTimeout(() => typingChanged({ conversation, on: false }), TYPING_SHOWN_MS),
    );
  useChats.setState((state) => {
    const typing = new Set(state.typing);
    if (on) typing.add(conversation);
    else typing.delete(conversation);
    return { typing };
  });
}

function sorted(ids: ReadonlySet<ConversationId>, rows: ReadonlyMap<ConversationId, ConversationRow>) {
  return [...ids]
    .map((id) => rows.get(id))
    .filter((row) => row !== undefined)
    .sort(compareRows)
    .map((row) => row.id);
}

/** The map with fresh rows in it; a row that says the same keeps its identity, so that nothing draws again for it. */
function merged(
  rows: ReadonlyMap<ConversationId, ConversationRow>,
  fresh: readonly ConversationRow[],
): ReadonlyMap<ConversationId, ConversationRow> {
  const all = new Map(rows);
  for (const row of fresh) {
    const known = all.get(row.id);
    if (!known || JSON.stringify(known) !== JSON.stringify(row)) all.set(row.id, row);
  }
  return all;
}
