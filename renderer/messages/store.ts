import { create } from 'zustand';
import type { Events } from '../../shared/contract/events.ts';
import type { MessageRow } from '../../shared/contract/message.ts';
import type { ConversationId, MessageId } from '../../shared/ids.ts';
import { call } from '../app/core.ts';
import { useView } from '../app/view.ts';
import { concerned, freshRows, PAGE, withChanges, withNewer, withOlder, type Window } from './window.ts';

/** Conversations whose rows are kept after they were left, so that going back is instant. */
const MAX_KEPT = 8;
/** Ids one `message.rows` call may carry. */
const MAX_IDS = 200;

export type Opened = Window & {
  readonly conversation: ConversationId;
  /** Where the view starts: at the end, or at a row. */
  readonly at: 'end' | MessageId;
  /** Rises whenever the view should go to `at` again. */
  readonly turn: number;
  /** The first message that was unread when the conversation was opened: the divider stays there. */
  readonly unreadFrom: MessageId | null;
};

type MessagesState = {
  readonly opened: ReadonlyMap<ConversationId, Opened>;
  readonly loading: 'before' | 'after' | null;
};

export const useMessages = create<MessagesState>(() => ({ opened: new Map(), loading: null }));

let turns = 0;
/** The conversation at the end of which the person is: what comes is followed. */
let following: ConversationId | null = null;

/** Says whether the person is at the end of the conversation that is open. */
export function follow(conversation: ConversationId, atEnd: boolean): void {
  following = atEnd ? conversation : null;
}

function keep(next: Opened): void {
  useMessages.setState((state) => {
    const opened = new Map(state.opened);
    opened.delete(next.conversation);
    opened.set(next.conversation, next);
    for (const id of opened.keys()) {
      if (opened.size <= MAX_KEPT) break;
      if (id !== next.conversation) opened.delete(id);
    }
    return { opened };
  });
}

/** What changed while core was asked for rows, by who asks. */
const listening = new Set<Events['changed'][]>();

/** Waits for rows; gives with them what changed meanwhile and may be newer than they are: it was told at once, and they were still being read. */
async function withNews<T extends { readonly rows: readonly MessageRow[]; readonly seq?: number }>(
  answer: Promise<T>,
): Promise<readonly [T, readonly Events['changed'][]]> {
  const heard: Events['changed'][] = [];
  listening.add(heard);
  try {
    const given = await answer;
    return [given, heard.filter(({ seq }) => seq > (given.seq ?? 0))];
  } finally {
    listening.delete(heard);
  }
}

/** Loads a conversation at its end, at its first unread message, or around a message (search, quote). */
export async function openMessages(
  conversation: ConversationId,
  at: 'end' | 'first-unread' | MessageId,
  unreadFrom: MessageId | null,
): Promise<void> {
  const around = at === 'first-unread' && unreadFrom !== null ? unreadFrom : at;
  const [page, news] = await withNews(
    call('message.page', { conversation, around, side: around === 'end' ? 'before' : 'around', limit: PAGE }),
  );
  turns += 1;
  keep({
    conversation,
    rows: page.rows,
    moreBefore: page.moreBefore,
    moreAfter: page.moreAfter,
    at: around === 'first-unread' ? 'end' : around,
    turn: turns,
    unreadFrom,
  });
  await catchUp(conversation, news);
  // While it was not open yet there was nothing to fetch again.
  if (useView.getState().conversation === conversation && news.some((event) => isFlood(event, conversation)))
    await reloadMessages();
}

/** Forgets where the divider stood; called when the conversation is left. */
export function leaveMessages(conversation: ConversationId): void {
  const opened = useMessages.getState().opened.get(conversation);
  if (opened) keep({ ...opened, unreadFrom: null });
}

/** Fetches the page before or after what is loaded; does nothing while one is on its way. */
export async function extendMessages(conversation: ConversationId, side: 'before' | 'after'): Promise<void> {
  const opened = useMessages.getState().opened.get(conversation);
  const edge = side === 'before' ? opened?.rows[0] : opened?.rows.at(-1);
  if (!opened || !edge || useMessages.getState().loading) return;
  if (side === 'before' ? !opened.moreBefore : !opened.moreAfter) return;
  useMessages.setState({ loading: side });
  try {
    const [page, news] = await withNews(
      call('message.page', { conversation, around: edge.id, side, limit: PAGE }),
    );
    const now = useMessages.getState().opened.get(conversation);
    if (!now || now.turn !== opened.turn) return;
    const next =
      side === 'before'
        ? withOlder(now, page.rows, page.moreBefore)
        : withNewer(now, page.rows, page.moreAfter);
    keep({ ...now, ...next });
    await catchUp(conversation, news);
  } finally {
    useMessages.setState({ loading: null });
  }
}

/** Goes to the newest message: at once when it is loaded, else by loading the end. */
export async function jumpToEnd(conversation: ConversationId): Promise<void> {
  const opened = useMessages.getState().opened.get(conversation);
  if (!opened || opened.moreAfter) return openMessages(conversation, 'end', opened?.unreadFrom ?? null);
  turns += 1;
  keep({ ...opened, at: 'end', turn: turns });
}

/** Goes to a message of the conversation, loading around it when it is not here. */
export async function jumpToMessage(conversation: ConversationId, message: MessageId): Promise<void> {
  const opened = useMessages.getState().opened.get(conversation);
  if (!opened?.rows.some((row) => row.id === message))
    return openMessages(conversation, message, opened?.unreadFrom ?? null);
  turns += 1;
  keep({ ...opened, at: message, turn: turns });
}

/** Applies a `changed` event: takes the rows that came with it, or fetches only those of the named messages that an opened conversation shows. */
export async function messagesChanged(event: Events['changed']): Promise<void> {
  for (const heard of listening) heard.push(event);
  const open = useView.getState().conversation;
  if (open !== null && isFlood(event, open)) return reloadMessages();
  for (const conversation of useMessages.getState().opened.keys()) await changedIn(conversation, event);
}

/** A flood names no messages, and a great one no conversations either: what is shown is fetched again as a whole. */
const isFlood = ({ messages, conversations }: Events['changed'], open: ConversationId): boolean =>
  messages.length === 0 && (conversations.length === 0 || conversations.includes(open));

/**
 * Applies what was told while a page was on its way. What came with its rows first, in a row: while others are asked for, newer ones may be told,
 * and nothing older is applied after them.
 */
async function catchUp(conversation: ConversationId, news: readonly Events['changed'][]): Promise<void> {
  for (const event of news) if (event.rows !== null) takeRows(conversation, event.messages, event.rows);
  for (const event of news) if (event.rows === null) await changedIn(conversation, event);
}

/** Of rows that were told those that concern the window: others would leave a hole between it and them. */
function takeRows(
  conversation: ConversationId,
  told: readonly MessageId[],
  rows: readonly MessageRow[],
): void {
  const opened = useMessages.getState().opened.get(conversation);
  const ids = new Set(opened ? concerned(opened, told) : []);
  if (ids.size === 0) return;
  apply(
    conversation,
    [...ids],
    rows.filter(({ id }) => ids.has(id)),
  );
}

async function changedIn(conversation: ConversationId, event: Events['changed']): Promise<void> {
  const opened = useMessages.getState().opened.get(conversation);
  if (!opened || !event.conversations.includes(conversation)) return;
  if (event.rows !== null) return takeRows(conversation, event.messages, event.rows);
  const ids = concerned(opened, event.messages);
  for (let from = 0; from < ids.length; from += MAX_IDS) {
    const asked = ids.slice(from, from + MAX_IDS);
    const [{ rows }, news] = await withNews(call('message.rows', { ids: asked }));
    apply(conversation, asked, rows);
    // Of what brought no rows they are asked for by themselves.
    for (const { messages, rows: told } of news) if (told !== null) takeRows(conversation, messages, told);
  }
}

function apply(
  conversation: ConversationId,
  asked: readonly MessageId[],
  fresh: readonly MessageRow[],
): void {
  const opened = useMessages.getState().opened.get(conversation);
  if (!opened) return;
  const own = fresh.filter((row) => row.conversation === conversation);
  // A row of another conversation was asked for because it might have been ours: it is not gone, it is not here.
  const gone = asked.filter(
    (id) => own.some((row) => row.id === id) || opened.rows.some((row) => row.id === id),
  );
  const side = opened.moreAfter ? 'start' : following === conversation ? 'following' : 'end';
  keep({ ...opened, ...withChanges(opened, gone, own, side) });
}

/** After a gap: what is shown is fetched again, what is only kept is forgotten. */
export async function reloadMessages(): Promise<void> {
  const open = useView.getState().conversation;
  const opened = open === null ? undefined : useMessages.getState().opened.get(open);
  useMessages.setState({ opened: new Map(opened ? [[opened.conversation, opened]] : []) });
  if (!opened) return;
  const middle = opened.rows[Math.floor(opened.rows.length / 2)];
  const end = !opened.moreAfter || !middle;
  const [page, news] = await withNews(
    call('message.page', {
      conversation: opened.conversation,
      around: end ? 'end' : middle.id,
      side: end ? 'before' : 'around',
      limit: end && following === open ? PAGE : Math.max(PAGE, Math.min(MAX_IDS, opened.rows.length)),
    }),
  );
  const now = useMessages.getState().opened.get(opened.conversation);
  if (!now || now.turn !== opened.turn) return;
  const rows = freshRows(now.rows, page.rows);
  keep({ ...now, rows, moreBefore: page.moreBefore, moreAfter: page.moreAfter });
  await catchUp(opened.conversation, news);
}
