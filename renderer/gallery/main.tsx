import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import type { ConversationRow } from '../../shared/contract/conversation.ts';
import type { WindowCalls, WindowEvents } from '../../shared/shell/host.ts';
import { pipePair } from '../../shared/wire/pair.ts';
import { link } from '../../shared/wire/rpc.ts';
import { App } from '../app/app.tsx';
import { takeShell } from '../app/host.ts';
import { useNow } from '../app/now.ts';
import { startSession } from '../app/session.ts';
import { openConversation, showFilter, showSheet, useView, type Sheet } from '../app/view.ts';
import { chatId, ACCOUNT, NOSTR_ACCOUNT, SIGNAL_ACCOUNT, signalAccount } from './chats.ts';
import { fakeCore } from './core.ts';
import { changeText, fillMemory } from './memory.ts';
import { NOW } from './labels.ts';
import { drawPicture, picturesReady } from './picture.ts';

/**
 * The page over a core in memory. `?new`: a new profile; `?chat=` (and `?called=`, its name; `?linked`, over Signal), `?sheet=`, `?filter=`, `?changed` (a disclosure), `?offline` (every account),
 * `?theme=`, `?text=` show a state.
 */
const asked = new URLSearchParams(location.search);
const memory = fillMemory(asked.has('new') ? 'new' : 'full');
const theme = asked.get('theme');
if (theme === 'light' || theme === 'dark') memory.settings = { ...memory.settings, theme };
if (asked.get('locale') === 'pseudo') memory.settings = { ...memory.settings, locale: 'pseudo' };
if (asked.has('changed')) changeText(memory, 'email');
if (asked.has('offline'))
  memory.accounts = memory.accounts.map((row) => ({
    ...row,
    status: { kind: 'offline', retryAt: NOW + 60_000 },
  }));
const chat = asked.get('chat');
const shown = chat === null ? undefined : memory.chats.get(chatId(chat));
if (asked.has('linked') && shown !== undefined) {
  memory.accounts = [...memory.accounts, signalAccount];
  memory.chats.set(shown.id, { ...shown, account: SIGNAL_ACCOUNT });
}
const called = asked.get('called');
const renamed = chat === null ? undefined : memory.chats.get(chatId(chat));
if (called !== null && renamed !== undefined) memory.chats.set(renamed.id, { ...renamed, title: called });
const text = asked.get('text');
if (text !== null) document.documentElement.style.fontSize = `${text}%`;

const core = fakeCore(memory);
const [pageEnd, shellEnd] = pipePair();
const opened: string[] = [];
/** Links from outside that wait. */
const handed: string[] = [];
const shellLine = link<WindowCalls, Record<never, never>, WindowEvents, Record<never, never>>({
  pipe: shellEnd,
  serve: {
    'link.open': ({ url }) => opened.push(url) > 0,
    'clipboard.write': () => null,
    'link.given': () => handed.splice(0)[0] ?? null,
    'title.set': ({ unread }) => {
      document.title = unread > 0 ? `(${unread}) Plainseal` : 'Plainseal';
      return null;
    },
  },
});
takeShell(pageEnd);

useNow.setState({ now: NOW });
let cut: (() => void) | null = null;
const stop = startSession(() => {
  const [page, other] = pipePair();
  core.attach(other);
  cut = () => other.close();
  return Promise.resolve(page);
});

const filter = asked.get('filter');
if (filter === 'stopped' || filter === 'requests' || filter === 'archived') showFilter(filter);
if (chat !== null) openConversation(chatId(chat));
const sheets: Readonly<Record<string, Sheet>> = {
  settings: { kind: 'settings' },
  palette: { kind: 'palette', in: null },
  'new-chat': { kind: 'new-chat' },
  account: { kind: 'account', account: ACCOUNT },
  'account-nostr': { kind: 'account', account: NOSTR_ACCOUNT },
  'new-group': { kind: 'new-group' },
  tells: { kind: 'tells', conversation: chatId(chat ?? '') },
  'who-sees': { kind: 'who-sees', conversation: chatId(chat ?? '') },
  ...personSheets(memory.chats.get(chatId(chat ?? ''))),
  report: { kind: 'report', conversation: chatId(chat ?? ''), of: null },
  group: { kind: 'group', conversation: chatId(chat ?? '') },
  nostr: { kind: 'add-account', network: 'nostr' },
  add: { kind: 'add-account', network: null },
  signal: { kind: 'add-account', network: 'signal' },
  'link-again': { kind: 'link-again', account: SIGNAL_ACCOUNT },
  'prove-person': { kind: 'prove-person', account: SIGNAL_ACCOUNT },
  'sign-in': { kind: 'sign-in', account: ACCOUNT },
  relays: { kind: 'relays', account: NOSTR_ACCOUNT },
  email: { kind: 'add-account', network: 'email' },
};
const sheet = sheets[asked.get('sheet') ?? ''];
if (sheet) showSheet(sheet);

/** Sheets of the person in the conversation shown. */
function personSheets(row: ConversationRow | undefined): Readonly<Record<string, Sheet>> {
  if (row?.peer == null) return {};
  const { peer, account } = row;
  return {
    contact: { kind: 'contact', peer, account },
    merge: { kind: 'merge', peer, account },
    apart: { kind: 'apart', peer, account },
    block: { kind: 'block', peer, account },
  };
}

/** What the tests of the page reach. */
const hand = (code: string): void => {
  handed.push(code);
  shellLine.emit('link.waiting', {});
};
Object.assign(window, { gallery: { memory, core, opened, hand, cut: () => cut?.(), stop, view: useView } });

const root = document.getElementById('root');
if (!root) throw new Error('the page has no root');
await picturesReady(drawPicture);
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
