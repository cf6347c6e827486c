import { Search, SquarePen } from 'lucide-react';
import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { Virtualizer, type VirtualizerHandle } from 'virtua';
import type { ConversationId } from '../../shared/ids.ts';
import { focusRegion } from '../app/region.ts';
import { openConversation, showSheet, useView } from '../app/view.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { useLostFocus } from '../ui/focus.ts';
import { Key } from '../ui/key.tsx';
import { say } from '../words.ts';
import styles from './list.module.css';
import { filterName } from './rail.tsx';
import { ChatRow } from './row.tsx';
import { extendList, showList, useChats } from './store.ts';

/** Rows that count as the top of the list: new words come up below pinned ones too. */
const TOP_ROWS = 10;
/** Rows before the end of what is loaded at which more are fetched. */
const EXTEND_BEFORE = 30;

/** The conversations of one list. */
export function ChatList(): ReactNode {
  const filter = useView((view) => view.filter);
  const shown = useChats((chats) => chats.filter);
  useEffect(() => {
    // A failed fetch is repeated when the page is attached again.
    if (filter !== shown) showList(filter).catch(() => undefined);
  }, [filter, shown]);
  return (
    <section className={styles['list']} aria-label={say('chats.label')} data-region="chats">
      <header className={styles['head']}>
        <div className={styles['title']}>
          <h1>{filterName(filter)}</h1>
          <IconButton label={say('chats.new')} onClick={() => showSheet({ kind: 'new-chat' })}>
            <SquarePen aria-hidden="true" />
          </IconButton>
        </div>
        <button
          type="button"
          className={styles['search']}
          onClick={() => showSheet({ kind: 'palette', in: null })}
        >
          <Search aria-hidden="true" />
          <span>{say('chats.search')}</span>
          <Key>Ctrl K</Key>
        </button>
      </header>
      <Rows />
    </section>
  );
}

function Rows(): ReactNode {
  const order = useChats((chats) => chats.order);
  const loaded = useChats((chats) => chats.loaded);
  const open = useView((view) => view.conversation);
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useRef<VirtualizerHandle>(null);
  const [roving, setRoving] = useState<ConversationId | null>(null);
  const start = [roving, open, order[0]].find((id) => id != null && order.includes(id)) ?? null;
  const startIndex = start === null ? -1 : order.indexOf(start);

  useEffect(() => {
    // Opened from elsewhere (Alt and an arrow, search, a notification): its row comes into view. A list that only
    // reorders does not scroll by itself.
    const index = open === null ? -1 : useChats.getState().order.indexOf(open);
    if (index >= 0) virtual.current?.scrollToIndex(index, { align: 'nearest' });
  }, [open]);

  const top = order.slice(0, TOP_ROWS).join(' ');
  useLayoutEffect(() => {
    // Except where the first row only peeks out from above: whoever comes up there is seen whole.
    const handle = virtual.current;
    if (handle && top !== '' && handle.scrollOffset < handle.getItemSize(0)) handle.scrollTo(0);
  }, [top]);

  // The row that had the focus may go: its conversation was archived, blocked, or read in a list of what is not.
  const hearFocus = useLostFocus(() => focusRegion('chats'));

  function move(event: KeyboardEvent): void {
    const to = { ArrowDown: startIndex + 1, ArrowUp: startIndex - 1, Home: 0, End: order.length - 1 }[
      event.key
    ];
    const id = to === undefined ? undefined : order[to];
    if (to === undefined || event.altKey || id === undefined) return;
    event.preventDefault();
    setRoving(id);
    virtual.current?.scrollToIndex(to, { align: 'nearest' });
    // The row may only be drawn in the frame after the scroll.
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-chat="${CSS.escape(id)}"]`)?.focus(),
    );
  }

  if (loaded !== null && order.length === 0) return <Empty />;
  return (
    // Arrows go from row to row; each of them takes the focus itself.
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions
    <div className={styles['rows']} ref={scroller} onKeyDown={move} onFocus={hearFocus}>
      <Virtualizer
        ref={virtual}
        scrollRef={scroller}
        as="ul"
        item="li"
        data={order}
        keepMounted={startIndex < 0 ? [] : [startIndex]}
        onScroll={() => {
          const handle = virtual.current;
          if (handle && handle.findItemIndex(handle.scrollOffset) > order.length - EXTEND_BEFORE)
            extendList().catch(() => undefined);
        }}
      >
        {(id) => (
          <ChatRow
            key={id}
            id={id}
            current={id === open}
            start={id === start}
            onFocus={() => setRoving(id)}
            onOpen={() => openConversation(id)}
          />
        )}
      </Virtualizer>
    </div>
  );
}

function Empty(): ReactNode {
  const filter = useView((view) => view.filter);
  return (
    <div className={styles['empty']}>
      <p>{say(`chats.empty.${filter}`)}</p>
      {filter === 'all' ? (
        <>
          <p>{say('chats.empty.all.do')}</p>
          <Button small onClick={() => showSheet({ kind: 'new-chat' })}>
            {say('chats.new')}
          </Button>
        </>
      ) : null}
    </div>
  );
}
