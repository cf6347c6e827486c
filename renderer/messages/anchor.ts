/** Closer than this to the end counts as at the end, in px. */
const END_SLACK = 24;

type Held = { readonly kind: 'end' } | { readonly kind: 'row'; readonly id: string; readonly top: number };

/**
 * Keeps what the person looks at in its place while rows come, go and grow: at the end it stays at the end, elsewhere the
 * first visible row stays where it is. `hold` runs after every layout and before it is painted, so nothing is seen to jump.
 */
type Anchor = {
  /** `ref` of the element that scrolls. */
  readonly view: (element: HTMLElement | null) => () => void;
  /** `ref` of what grows inside it. */
  readonly content: (element: HTMLElement | null) => () => void;
  /** Puts what is held back in its place. Call after the rows were drawn. */
  readonly hold: () => void;
  /** Call when the person scrolled. Says how far the view is from either end and how high it is, in px, and whether it stays at the end. */
  readonly scrolled: () => {
    readonly above: number;
    readonly below: number;
    readonly height: number;
    readonly atEnd: boolean;
  };
  /** Goes to the end, and stays there as more comes. */
  readonly toEnd: () => void;
  /** Puts a row into the upper part of the view, and keeps it there while pictures load. */
  readonly toRow: (id: string) => void;
  /** The element of a row, when it is drawn. */
  readonly rowOf: (id: string) => HTMLElement | null;
};

/** Makes the anchor of one list. Rows carry their id in `data-message`. */
export function createAnchor(): Anchor {
  let view: HTMLElement | null = null;
  let held: Held = { kind: 'end' };
  /** Where the view stood when it was last put or seen: another place means that the person moved it. */
  let placed = 0;

  function rowOf(id: string): HTMLElement | null {
    return view?.querySelector<HTMLElement>(`[data-message="${CSS.escape(id)}"]`) ?? null;
  }

  function hold(): void {
    if (!view) return;
    if (held.kind === 'end') view.scrollTop = view.scrollHeight;
    else {
      const row = rowOf(held.id);
      if (!row) return;
      const moved = row.getBoundingClientRect().top - view.getBoundingClientRect().top - held.top;
      if (Math.abs(moved) >= 1) view.scrollTop += moved;
    }
    placed = view.scrollTop;
  }

  /** Notes what is at the top of the view now. */
  function note(): void {
    if (!view) return;
    placed = view.scrollTop;
    if (view.scrollHeight - view.scrollTop - view.clientHeight <= END_SLACK) {
      held = { kind: 'end' };
      return;
    }
    const edge = view.getBoundingClientRect().top;
    for (const row of view.querySelectorAll<HTMLElement>('[data-message]')) {
      const box = row.getBoundingClientRect();
      if (box.bottom < edge + 1) continue;
      held = { kind: 'row', id: row.dataset['message'] ?? '', top: box.top - edge };
      return;
    }
  }

  // Growth without a drawing: pictures, larger text, a taller composer.
  const watch = new ResizeObserver(hold);
  const watched = (element: HTMLElement | null): (() => void) => {
    if (element) watch.observe(element);
    return () => {
      if (element) watch.unobserve(element);
    };
  };

  return {
    view(element) {
      view = element;
      return watched(element);
    },
    content: watched,
    hold,
    rowOf,
    scrolled() {
      // Rows may have grown since: only a place the person chose is a new one.
      if (view && Math.abs(view.scrollTop - placed) < 1) hold();
      else note();
      if (!view) return { above: Infinity, below: Infinity, height: 0, atEnd: false };
      const { scrollTop, scrollHeight, clientHeight: height } = view;
      return {
        above: scrollTop,
        below: scrollHeight - scrollTop - height,
        height,
        atEnd: held.kind === 'end',
      };
    },
    toEnd() {
      held = { kind: 'end' };
      hold();
    },
    toRow(id) {
      const row = rowOf(id);
      if (!view || !row) return;
      const room = Math.max(0, view.clientHeight - row.getBoundingClientRect().height);
      held = { kind: 'row', id, top: Math.min(room / 2, view.clientHeight / 3) };
      hold();
    },
  };
}
