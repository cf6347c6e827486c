import { ArrowDown } from 'lucide-react';
import { useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import type { ConversationRow } from '../../shared/contract/conversation.ts';
import type { MessageRow } from '../../shared/contract/message.ts';
import type { MessageId } from '../../shared/ids.ts';
import { useNow } from '../app/now.ts';
import { useChats } from '../chats/store.ts';
import { Button } from '../ui/button.tsx';
import { isFocusLost } from '../ui/focus.ts';
import { say, words } from '../words.ts';
import { createAnchor } from './anchor.ts';
import { markRead } from './header.tsx';
import styles from './history.module.css';
import { NoteRow } from './note.tsx';
import { useRowFocus } from './row-focus.ts';
import { SaidMessage } from './row.tsx';
import { continues, momentOf } from './state.ts';
import { extendMessages, follow, jumpToEnd, useMessages, type Opened } from './store.ts';
import { compareIds } from './window.ts';

/** Nearer than this to an end of what is loaded, the next page is fetched, in view heights. */
const EXTEND_WITHIN = 1.5;
/** Farther than this from the end, the way back is offered, in view heights. */
const FAR = 0.6;
/** How long a row that was jumped to is pointed out, in ms. */
const MARK_MS = 2_000;

/** The messages of a conversation, anchored to their end; older and newer pages come in without a jump. */
export function History({
  chat,
  opened,
}: {
  readonly chat: ConversationRow;
  readonly opened: Opened;
}): ReactNode {
  const [anchor] = useState(createAnchor);
  const [far, setFar] = useState(false);
  const [marked, setMarked] = useState<MessageId | null>(null);
  const [roving, setRoving] = useState<MessageId | null>(null);
  /** The newest message that core was told is read. */
  const told = useRef<MessageId | null>(null);
  /** The way to the end has the focus. */
  const onWay = useRef(false);
  const loading = useMessages((state) => state.loading);
  const typing = useChats((chats) => chats.typing.has(chat.id));
  const { rows, at, turn, unreadFrom } = opened;
  const last = rows.at(-1);
  const start = roving !== null && rows.some((row) => row.id === roving) ? roving : (last?.id ?? null);

  // After each drawing of the rows, before it is painted.
  useLayoutEffect(() => anchor.hold());
  const focus = useRowFocus(rows, focusRow);

  // A new turn says where to look: at the end, at the first unread message, or at one that was searched for.
  useLayoutEffect(() => {
    if (at === 'end') {
      anchor.toEnd();
      return;
    }
    anchor.toRow(at);
    if (at === unreadFrom) return;
    setMarked(at);
    focusRow(at);
    const timer = setTimeout(() => setMarked(null), MARK_MS);
    // Nor is it pointed out for longer where another turn comes meanwhile.
    return () => {
      clearTimeout(timer);
      setMarked(null);
    };
    // Only a new turn moves the view; rows that come and go do not.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [turn]);

  // The way to the end goes once it was taken: whoever took it goes on at the newest message.
  useLayoutEffect(() => {
    if (far || !onWay.current) return;
    onWay.current = false;
    if (last && isFocusLost()) focusRow(last.id);
    // oxlint-disable-next-line react/exhaustive-deps
  }, [far]);

  function focusRow(id: MessageId): void {
    setRoving(id);
    anchor.rowOf(id)?.focus({ preventScroll: true });
  }

  function look(): void {
    const { above, below, height, atEnd } = anchor.scrolled();
    follow(chat.id, atEnd);
    // A fetch that fails is asked for again by the next scroll.
    if (above < height * EXTEND_WITHIN) extendMessages(chat.id, 'before').catch(() => undefined);
    if (below < height * EXTEND_WITHIN) extendMessages(chat.id, 'after').catch(() => undefined);
    setFar(below > height * FAR || opened.moreAfter);
    if (below < height * FAR) read();
  }

  /** What is at the end and in view is read, when the window has the person's attention. */
  function read(): void {
    if (chat.unread === 0 || !last || opened.moreAfter || chat.state === 'request') return;
    if (!document.hasFocus() || told.current === last.id) return;
    told.current = last.id;
    markRead(chat, last.id);
  }
  useLayoutEffect(() => {
    look();
    window.addEventListener('focus', look);
    return () => window.removeEventListener('focus', look);
    // oxlint-disable-next-line react/exhaustive-deps
  }, [turn, last?.id, chat.unread, opened.moreAfter, rows.length]);

  function move(event: KeyboardEvent): void {
    const focused = (event.target as HTMLElement).dataset['message'];
    if (focused === undefined || event.altKey || event.ctrlKey) return;
    const index = rows.findIndex((row) => row.id === focused);
    const to = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: rows.length - 1 }[event.key];
    const row = to === undefined ? undefined : rows[to];
    if (!row) return;
    event.preventDefault();
    setRoving(row.id);
    anchor.rowOf(row.id)?.focus();
  }

  return (
    <div className={styles['frame']}>
      {/* Arrows go from message to message; each of them takes the focus itself. */}
      {/* oxlint-disable-next-line jsx-a11y/no-static-element-interactions */}
      <div
        className={styles['scroller']}
        ref={anchor.view}
        onScroll={look}
        onKeyDown={move}
        onFocus={focus.onFocus}
        onBlur={focus.onBlur}
        data-region="messages"
        data-testid="history"
      >
        <div
          className={styles['column']}
          ref={anchor.content}
          role="log"
          aria-label={say('history.label')}
          aria-busy={loading !== null}
        >
          {opened.moreBefore ? (
            <p className={styles['edge']}>{loading === 'before' ? say('history.loading') : ' '}</p>
          ) : (
            <p className={styles['edge']}>{say(rows.length === 0 ? 'history.none' : 'history.start')}</p>
          )}
          {rows.map((row, index) => (
            <Line
              key={row.id}
              row={row}
              before={rows[index - 1]}
              after={rows[index + 1]}
              chat={chat}
              unreadFrom={unreadFrom}
              start={row.id === start}
              marked={row.id === marked}
            />
          ))}
          {typing ? (
            <p className={styles['typing']}>
              <i />
              <i />
              <i />
              {say('chats.typing')}
            </p>
          ) : null}
        </div>
      </div>
      {far ? (
        <Button
          small
          className={styles['to-end']}
          onFocus={() => {
            onWay.current = true;
          }}
          onBlur={() => {
            onWay.current = false;
          }}
          onClick={() => {
            jumpToEnd(chat.id).catch(() => undefined);
          }}
        >
          <ArrowDown aria-hidden="true" />
          {chat.unread > 0 ? say('history.end.count', { count: chat.unread }) : say('history.end')}
        </Button>
      ) : null}
    </div>
  );
}

/** A row with the lines that stand before it. */
function Line({
  row,
  before,
  after,
  chat,
  unreadFrom,
  start,
  marked,
}: {
  readonly row: MessageRow;
  readonly before: MessageRow | undefined;
  readonly after: MessageRow | undefined;
  readonly chat: ConversationRow;
  readonly unreadFrom: MessageId | null;
  readonly start: boolean;
  readonly marked: boolean;
}): ReactNode {
  const now = useNow((state) => state.now);
  const newDay = !before || !words.sameDay(momentOf(before), momentOf(row));
  const firstUnread =
    unreadFrom !== null &&
    compareIds(row.id, unreadFrom) >= 0 &&
    (!before || compareIds(before.id, unreadFrom) < 0);
  return (
    <>
      {newDay ? (
        <p className={styles['day']}>
          <span>{words.dayLine(momentOf(row), now)}</span>
        </p>
      ) : null}
      {firstUnread ? (
        <p className={styles['unread']}>
          <span>{say('history.unread')}</span>
        </p>
      ) : null}
      {row.kind === 'note' ? (
        <NoteRow row={row} chat={chat} start={start} />
      ) : (
        <SaidMessage
          row={row}
          chat={chat}
          continued={!firstUnread && continues(before, row)}
          open={after !== undefined && after.id !== unreadFrom && continues(row, after)}
          start={start}
          marked={marked}
        />
      )}
    </>
  );
}
