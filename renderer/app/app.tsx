import './ground.css';
import './tokens.css';
import './fonts.css';
import { CSPProvider } from '@base-ui/react/csp-provider';
import { useEffect, useRef, type ReactNode } from 'react';
import type { ConversationId } from '../../shared/ids.ts';
import { AddAccountPage, LinkAgainPage, Welcome } from '../accounts/add.tsx';
import { useAccounts } from '../accounts/store.ts';
import { Rail } from '../chats/rail.tsx';
import { ChatList } from '../chats/list.tsx';
import { useChats } from '../chats/store.ts';
import { focusFoot } from '../composer/foot.ts';
import { flushDrafts } from '../composer/store.ts';
import { Conversation } from '../messages/conversation.tsx';
import { DetailsDrawer } from '../messages/details.tsx';
import { useSettings } from '../settings/store.ts';
import { cx } from '../ui/classes.ts';
import { isFocusLost } from '../ui/focus.ts';
import { say, setLocale, words } from '../words.ts';
import styles from './app.module.css';
import { Brand } from './brand.tsx';
import { useConnection } from './core.ts';
import { showUnread, takeOutsideLink, useOutside } from './host.ts';
import { useKeyboard } from './keyboard.ts';
import { focusRegion } from './region.ts';
import { Sheets } from './sheets.tsx';
import { useTheme } from './theme.ts';
import { showSheet, useView } from './view.ts';

/** The whole page. */
export function App(): ReactNode {
  const theme = useSettings((settings) => settings.theme);
  const locale = useSettings((settings) => settings.locale);
  setLocale(locale);
  useTheme(theme);
  useKeyboard();
  useEffect(() => {
    // The window may close at any time: drafts are written down when it is left.
    window.addEventListener('pagehide', flushDrafts);
    window.addEventListener('blur', flushDrafts);
    return () => {
      window.removeEventListener('pagehide', flushDrafts);
      window.removeEventListener('blur', flushDrafts);
    };
  }, []);
  return (
    <CSPProvider disableStyleElements>
      {/* Another locale changes every word: everything is drawn anew. */}
      <Page key={words.locale} />
    </CSPProvider>
  );
}

function Page(): ReactNode {
  const state = useConnection((connection) => connection.state);
  const accounts = useAccounts((all) => all.rows);
  const sheet = useView((view) => view.sheet);
  const unread = useChats((chats) => chats.counts?.unread ?? 0);
  useEffect(() => showUnread(unread), [unread]);
  if (state === 'refused') return <Notice title={say('app.elsewhere')} text={say('app.elsewhere.do')} />;
  if (accounts === null) return <Notice title={say('app.connecting')} text="" />;
  if (sheet?.kind === 'link-again') return <LinkAgainPage account={sheet.account} />;
  if (sheet?.kind === 'add-account') return <AddAccountPage network={sheet.network} />;
  if (accounts.length === 0) return <Welcome />;
  return <Inbox />;
}

function Inbox(): ReactNode {
  const conversation = useView((view) => view.conversation);
  const details = useView((view) => view.details);
  const chat = useChats((chats) => (conversation === null ? undefined : chats.rows.get(conversation)));
  const lost = useConnection((connection) => connection.state !== 'open');
  useOutsideLink();
  useWayBack();
  return (
    <>
      <div
        className={cx(
          styles['columns'],
          conversation !== null && styles['reading'],
          details !== null && chat && styles['detailed'],
        )}
      >
        <Rail />
        <ChatList />
        {conversation === null ? (
          <main className={styles['none']}>
            <p>{say('chats.pick')}</p>
          </main>
        ) : (
          <Conversation key={conversation} id={conversation} />
        )}
      </div>
      {details !== null && chat ? <DetailsDrawer id={details} chat={chat} /> : null}
      <Sheets />
      <output className={styles['lost']}>{lost ? <p>{say('app.lost')}</p> : null}</output>
    </>
  );
}

/**
 * Whoever closes a panel goes on where they were, or where that is gone in the conversation (of details, at their message); whoever closes
 * that, at its row in the list.
 */
function useWayBack(): void {
  const conversation = useView((view) => view.conversation);
  const details = useView((view) => view.details);
  const hasSheet = useView((view) => view.sheet !== null);
  const before = useRef({ conversation, details, hasSheet });
  useEffect(() => {
    const was = before.current;
    before.current = { conversation, details, hasSheet };
    const isClosed = conversation === null && was.conversation !== null;
    const isDetailsClosed = details === null && was.details !== null;
    if (hasSheet || !(isClosed || isDetailsClosed || was.hasSheet)) return;
    // A panel gives the focus back itself, right after this.
    queueMicrotask(() => {
      if (conversation === null) return focusChat(was.conversation);
      if (!isFocusLost()) return;
      const message = isDetailsClosed ? was.details : null;
      const row = document.querySelector<HTMLElement>(`[data-message="${CSS.escape(message ?? '')}"]`);
      if (row) row.focus({ preventScroll: true });
      else focusFoot();
    });
  }, [conversation, details, hasSheet]);
}

/** In a window of one column the list is not drawn while a conversation is open: frames in which it measures its rows once it is. */
const MEASURE_FRAMES = 3;

/** Gives the row of a conversation the focus where it is lost, or the list where there is no such row. */
function focusChat(conversation: ConversationId | null, frames = MEASURE_FRAMES): void {
  if (!isFocusLost()) return;
  document.querySelector<HTMLElement>(`[data-chat="${CSS.escape(conversation ?? '')}"]`)?.focus();
  if (!isFocusLost()) return;
  if (frames > 0) requestAnimationFrame(() => focusChat(conversation, frames - 1));
  else focusRegion('chats');
}

/** Opens "New chat" with a link that came from outside, once no other panel is open. Whoever made it takes nobody away from anything. */
function useOutsideLink(): void {
  const waits = useOutside((outside) => outside.waits);
  const isFree = useView((view) => view.sheet === null);
  useEffect(() => {
    if (!waits || !isFree) return;
    void takeOutsideLink().then((code) => {
      if (code !== null) showSheet({ kind: 'new-chat', code });
    });
  }, [waits, isFree]);
}

/** A page that has only something to say. */
function Notice({ title, text }: { readonly title: string; readonly text: string }): ReactNode {
  return (
    <main className={styles['notice']}>
      <Brand />
      <h1>{title}</h1>
      <p>{text}</p>
    </main>
  );
}
