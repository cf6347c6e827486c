import { useLayoutEffect, useRef, type RefObject } from 'react';

/** Closer than this to the end counts as at the end, in px. */
const END_SLACK = 24;

type Anchor = { readonly kind: 'end' } | { readonly kind: 'row'; readonly id: string; readonly top: number };

export type Scrolling = {
  /** Call when the person scrolled. Returns how far the view is from either end, in px. */
  readonly scrolled: () => { readonly above: number; readonly below: number };
  /** Goes to the end, and stays there as more comes. */
  readonly toEnd: () => void;
  /** Puts a row into the middle of the view, and keeps it there while pictures load. */
  readonly toRow: (id: string) => void;
};

/**
 * Keeps what the person looks at in its place while rows come, go and grow: at the end it stays at the end, elsewhere the
 * first visible row stays where it is. Runs after every layout and before it is painted, so nothing is seen to jump.
 */
export function useAnchor(
  scroller: RefObject<HTMLElement | null>,
  content: RefObject<HTMLElement | null>,
): Scrolling {
  const anchor = useRef<Anchor>({ kind: 'end' });

  function hold(): void {
    const view = scroller.current;
    const held = anchor.current;
    if (!view) return;
    if (held.kind === 'end') {
      view.scrollTop = view.scrollHeight;
      return;
    }
    const row = view.querySelector(`[data-message="${CSS.escape(held.id)}"]`);
    if (!row) return;
    const moved = row.getBoundingClientRect().top - view.getBoundingClientRect().top - held.top;
    if (Math.abs(moved) >= 1) view.scrollTop += moved;
  }

  function note(): void {
    const view = scroller.current;
    if (!view) return;
    if (view.scrollHeight - view.scrollTop - view.clientHeight <= END_SLACK) {
      anchor.current = { kind: 'end' };
      return;
    }
    const edge = view.getBoundingClientRect().top;
    for (const row of view.querySelectorAll<HTMLElement>('[data-message]')) {
      const box = row.getBoundingClientRect();
      if (box.bottom < edge + 1) continue;
      anchor.current = { kind: 'row', id: row.dataset['message'] ?? '', top: box.top - edge };
      return;
    }
  }

  // After each render of the list.
  useLayoutEffect(hold);
  // After growth without a render: pictures, larger text, a taller composer.
  useLayoutEffect(() => {
    const view = scroller.current;
    const inner = content.current;
    if (!view || !inner) return;
    const watch = new ResizeObserver(hold);
    watch.observe(view);
    watch.observe(inner);
    return () => watch.disconnect();
  }, [scroller, content]);

  return {
    scrolled() {
      note();
      const view = scroller.current;
      if (!view) return { above: Infinity, below: Infinity };
      return { above: view.scrollTop, below: view.scrollHeight - view.scrollTop - view.clientHeight };
    },
    toEnd() {
      anchor.current = { kind: 'end' };
      hold();
    },
    toRow(id) {
      const view = scroller.current;
      const row = view?.querySelector(`[data-message="${CSS.escape(id)}"]`);
      if (!view || !row) return;
      const room = Math.max(0, view.clientHeight - row.getBoundingClientRect().height);
      anchor.current = { kind: 'row', id, top: Math.min(room / 2, view.clientHeight / 3) };
      hold();
    },
  };
}
