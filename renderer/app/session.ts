import { create } from 'zustand';
import type { Events } from '../../shared/contract/events.ts';
import type { KeptBy } from '../../shared/contract/settings.ts';
import type { Pipe, Undo } from '../../shared/wire/pipe.ts';
import { laneChanged, reloadAccounts } from '../accounts/store.ts';
import { chatsChanged, fetchConversation, reloadChats, typingChanged } from '../chats/store.ts';
import { flowStepped } from '../flows/store.ts';
import { groupsChanged, reloadGroups } from '../groups/members.ts';
import { messagesChanged, reloadMessages } from '../messages/store.ts';
import { reloadSettings } from '../settings/store.ts';
import { attach, call, listen } from './core.ts';
import { openConversation, useView } from './view.ts';

/** What kind of profile this is; null until core said so. */
export const useProfile = create<{
  readonly kind: 'live' | 'test' | null;
  readonly version: string;
  readonly keptBy: KeptBy;
  readonly phrase: boolean;
}>(() => ({ kind: null, version: '', keptBy: 'file', phrase: false }));

/** Fetches what the profile is; gives core's place in the sequence of changes. */
async function reloadProfile(): Promise<number> {
  const { kind, version, keptBy, phrase, seq: now } = await call('profile.get', {});
  useProfile.setState({ kind, version, keptBy, phrase });
  return now;
}

/** Sequence number of the last `changed` event applied. */
let seq = 0;

async function reloadAll(): Promise<void> {
  reloadGroups();
  const open = useView.getState().conversation;
  await Promise.all([
    reloadSettings(),
    reloadAccounts(),
    reloadChats(),
    reloadMessages(),
    open === null ? null : fetchConversation(open),
  ]);
}

/** An event's fetches may lose their pipe; the next attach fetches everything, so that is no fault. */
function lost(): void {
  // Nothing to do: see above.
}

function changed(event: Events['changed']): void {
  const gap = event.seq > seq + 1;
  seq = Math.max(seq, event.seq);
  if (gap) {
    reloadAll().catch(lost);
    return;
  }
  if (event.settings) Promise.all([reloadSettings(), reloadProfile()]).catch(lost);
  if (event.accounts) reloadAccounts().catch(lost);
  groupsChanged(event);
  if (event.inbox || event.conversations.length > 0) chatsChanged(event).catch(lost);
  if (event.inbox || event.messages.length > 0) messagesChanged(event).catch(lost);
}

/** Connects the stores to core over the pipes `open` gives, for as long as the page lives. */
export function startSession(open: () => Promise<Pipe>): Undo {
  const heard = [
    listen('changed', changed),
    listen('lane', laneChanged),
    listen('flow', flowStepped),
    listen('typing', typingChanged),
    listen('open', ({ conversation }) => openConversation(conversation)),
  ];
  const detach = attach(open, async () => {
    // Before the fetches: an event that comes while they run is then never taken for known.
    seq = await reloadProfile();
    await reloadAll();
  });
  return () => {
    detach();
    for (const undo of heard) undo();
  };
}
