import { useEffect, useLayoutEffect, useRef, type ReactNode } from 'react';
import type { ConversationId } from '../../shared/ids.ts';
import { insist, newRequest } from '../app/core.ts';
import { useView } from '../app/view.ts';
import { fetchConversation, useChats } from '../chats/store.ts';
import { Composer } from '../composer/composer.tsx';
import { focusFoot } from '../composer/foot.ts';
import { StoppedPanel } from '../composer/stopped.tsx';
import { RequestPanel } from '../composer/request.tsx';
import { LinkButton } from '../ui/button.tsx';
import { cx } from '../ui/classes.ts';
import { isFocusLost } from '../ui/focus.ts';
import { say } from '../words.ts';
import styles from './conversation.module.css';
import { Header } from './header.tsx';
import { History } from './history.tsx';
import { jumpToMessage, leaveMessages, openMessages, useMessages } from './store.ts';

/** One conversation: header, messages, and what is in place of the composer when nothing can be written. */
export function Conversation({ id }: { readonly id: ConversationId }): ReactNode {
  const row = useChats((chats) => chats.rows.get(id));
  const opened = useMessages((state) => state.opened.get(id));
  const jump = useView((view) => view.jump);
  const known = row !== undefined;

  useEffect(() => {
    // A failed fetch is repeated when the page is attached again.
    if (!known) fetchConversation(id).catch(() => undefined);
  }, [id, known]);

  useEffect(() => {
    if (!row) return;
    if (jump)
      // The panel that was searched in gives the focus back first.
      queueMicrotask(() => {
        jumpToMessage(id, jump.message).catch(() => undefined);
      });
    else
      openMessages(
        id,
        row.unread > 0 ? 'first-unread' : 'end',
        row.unread > 0 ? row.firstUnread : null,
      ).catch(() => undefined);
    // Opening looks at the row once; later changes of it are no new opening.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [id, known, jump]);
  useEffect(() => () => leaveMessages(id), [id]);

  if (!row) return <main className={styles['conversation']} />;
  const { label } = row;
  const open = label.readers.kind === 'provider';
  return (
    <main
      className={cx(styles['conversation'], open && label.sending.ok && styles['open'])}
      data-look={look(row)}
    >
      <Header row={row} />
      {opened ? <History chat={row} opened={opened} /> : <div className={styles['blank']} />}
      <Foot row={row} />
    </main>
  );
}

type Row = Parameters<typeof Header>[0]['row'];

/** Which surface a conversation has; stopped comes before everything else. */
function look(row: Row): string {
  return row.label.sending.ok ? row.label.readers.kind : 'stopped';
}

/** Of a conversation of two its person is let in again, everywhere; of a group that group. */
function unblock({ id, kind, peer }: Row): Promise<unknown> {
  const request = newRequest();
  return kind === 'direct' && peer !== null
    ? insist('person.unblock', { request, peer })
    : insist('conversation.accept', { request, conversation: id });
}

type Standing = 'request' | 'blocked' | 'left' | 'stopped' | 'writing';

function standing({ state, label }: Row): Standing {
  return state !== 'active' ? state : label.sending.ok ? 'writing' : 'stopped';
}

/**
 * Whoever opens a conversation writes at once. Where what was at its foot gives way to something else, that has the focus, unless the person is
 * elsewhere by now.
 */
function useFocusAtFoot(now: Standing): void {
  const before = useRef<Standing | null>(null);
  useLayoutEffect(() => {
    const was = before.current;
    before.current = now;
    if ((was === null && now === 'writing') || (was !== now && isFocusLost())) focusFoot();
  }, [now]);
}

function Foot({ row }: { readonly row: Row }): ReactNode {
  useFocusAtFoot(standing(row));
  if (row.state === 'request') return <RequestPanel row={row} />;
  if (row.state === 'blocked')
    return (
      <p className={styles['end']} data-region="composer" tabIndex={-1}>
        {say(row.kind === 'direct' ? 'block.done' : 'chat.blocked')}{' '}
        <LinkButton
          onClick={() => {
            unblock(row).catch(() => undefined);
          }}
        >
          {say('chat.unblock')}
        </LinkButton>
      </p>
    );
  if (row.state === 'left')
    return (
      <p className={styles['end']} data-region="composer" tabIndex={-1}>
        {say('chat.left')}
      </p>
    );
  if (!row.label.sending.ok) return <StoppedPanel row={row} />;
  return <Composer key={row.id} row={row} />;
}
