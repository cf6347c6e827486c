import { useEffect } from 'react';
import { useChats } from '../chats/store.ts';
import { nextRegion } from './region.ts';
import { closeConversation, openConversation, showDetails, showSheet, useView } from './view.ts';

/** Opens the conversation next to the open one in the list. */
function step(by: 1 | -1): void {
  const { order } = useChats.getState();
  const open = useView.getState().conversation;
  const at = open === null ? -1 : order.indexOf(open);
  const next = at < 0 ? (by > 0 ? order[0] : order.at(-1)) : order[at + by];
  if (next !== undefined) openConversation(next);
}

/** What a key does everywhere in the window; false leaves it to whatever has the focus. */
function press(event: KeyboardEvent): boolean {
  const ctrl = (event.ctrlKey || event.metaKey) && !event.altKey;
  const { sheet, details, conversation } = useView.getState();
  if (event.key === 'F6') {
    nextRegion(event.shiftKey ? -1 : 1);
    return true;
  }
  if (ctrl && !event.shiftKey && event.key.toLowerCase() === 'k') {
    showSheet(sheet?.kind === 'palette' ? null : { kind: 'palette', in: null });
    return true;
  }
  if (ctrl && event.key.toLowerCase() === 'f' && conversation !== null) {
    showSheet({ kind: 'palette', in: event.shiftKey ? null : conversation });
    return true;
  }
  if (ctrl && !event.shiftKey && event.key.toLowerCase() === 'n') {
    showSheet({ kind: 'new-chat' });
    return true;
  }
  if (ctrl && event.key === ',') {
    showSheet({ kind: 'settings' });
    return true;
  }
  if (event.altKey && !event.ctrlKey && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
    if (sheet) return false;
    step(event.key === 'ArrowDown' ? 1 : -1);
    return true;
  }
  // Sheets and menus take Esc themselves; what is left for it is the drawer, then the conversation.
  if (event.key === 'Escape' && !sheet && !event.defaultPrevented) {
    if (details !== null) showDetails(null);
    else if (conversation !== null) closeConversation();
    else return false;
    return true;
  }
  return false;
}

/** Hears the keys of the whole window. */
export function useKeyboard(): void {
  useEffect(() => {
    const hear = (event: KeyboardEvent): void => {
      if (!event.isComposing && press(event)) event.preventDefault();
    };
    window.addEventListener('keydown', hear);
    return () => window.removeEventListener('keydown', hear);
  }, []);
}
