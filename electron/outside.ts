import { outsideLink } from '../shared/shell/outside-link.ts';

/** Links that the system handed over: the newest waits until the page asks for it. */
export interface OutsideLinks {
  /** Takes up a link; anything else is dropped. */
  hand(given: unknown): void;
  take(): string | null;
}

/** @param waiting told when there is one. */
export function createOutsideLinks(waiting: () => void): OutsideLinks {
  let link: string | null = null;
  return {
    hand(given) {
      const taken = outsideLink(given);
      if (taken === null) return;
      link = taken;
      waiting();
    },
    take() {
      const given = link;
      link = null;
      return given;
    },
  };
}
