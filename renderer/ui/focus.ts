import { useLayoutEffect, useRef, type FocusEvent } from 'react';

/** A `ref` that gives an element the focus when it appears: for pages whose one field is what the person came for. */
export function focusAtOnce(element: HTMLElement | null): void {
  element?.focus();
}

/** Whether what had the focus is gone, or not shown any more (a browser notices that a moment later), so that a key would reach nothing. */
export function isFocusLost(): boolean {
  const { activeElement, body } = document;
  return activeElement === null || activeElement === body || !activeElement.checkVisibility();
}

/** Has what stays take the focus where what had it inside goes, unless it went elsewhere. Gives what is to hear of the focus inside. */
export function useLostFocus(take: () => void): (event: FocusEvent) => void {
  const had = useRef<Element | null>(null);
  // After each drawing.
  useLayoutEffect(() => {
    if (had.current?.isConnected !== false) return;
    had.current = null;
    if (isFocusLost()) take();
  });
  return ({ target }) => {
    had.current = target;
  };
}
