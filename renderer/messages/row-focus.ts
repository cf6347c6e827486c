import { useLayoutEffect, useRef, type FocusEvent } from 'react';
import type { MessageRow } from '../../shared/contract/message.ts';
import type { MessageId } from '../../shared/ids.ts';
import { focusFoot } from '../composer/foot.ts';
import { isFocusLost } from '../ui/focus.ts';
import { compareIds } from './window.ts';

/**
 * Keeps the focus in the log: where what had it goes (a message that was deleted or is over, an act that was done), its row has it, else the one
 * that stands in its place now, and where none is left what is at the foot.
 * @param focusRow Gives a row the focus without moving the view.
 */
export function useRowFocus(
  rows: readonly MessageRow[],
  focusRow: (id: MessageId) => void,
): { readonly onFocus: (event: FocusEvent) => void; readonly onBlur: (event: FocusEvent) => void } {
  /** The row that has the focus, or whose menu has; and what of it. */
  const inside = useRef<MessageId | null>(null);
  const had = useRef<Element | null>(null);
  const left = useRef<MessageId | null>(null);

  // After each drawing of the rows.
  useLayoutEffect(() => {
    const was = inside.current;
    if (was === null || had.current?.isConnected !== false || !isFocusLost()) return;
    const next = rows.find(({ id }) => compareIds(id, was) >= 0) ?? rows.at(-1);
    if (next) focusRow(next.id);
    else focusFoot();
  });

  return {
    onFocus({ target }) {
      const row = target.closest<HTMLElement>('[data-message]')?.dataset['message'];
      // A menu is drawn elsewhere; it is of the row that the focus has just left.
      inside.current = row === undefined ? left.current : (row as MessageId);
      had.current = target;
    },
    onBlur({ target, relatedTarget }) {
      // It has gone, or the window is left and come back to. Whoever pressed beside it all let go: what goes later, as a row's acts do then, is
      // no loss to them.
      if (relatedTarget === null && (!target.isConnected || document.activeElement === target)) return;
      // Of one blur React tells twice where menus are within each other.
      left.current = inside.current ?? left.current;
      inside.current = null;
    },
  };
}
