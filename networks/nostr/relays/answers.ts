import type { RelayCode } from './frame.ts';

/** Relays differ in how long they think; after this nobody knows. */
const OK_WAIT_MS = 15_000;

/** A relay's OK; `none` when it did not come. */
export type Answer = { readonly accepted: boolean; readonly code: RelayCode } | 'none';

/** The OKs that one connection waits for. */
export interface Answers {
  /** Waits for the OK to an event; ask before it is sent. */
  to(event: string): Promise<Answer>;
  /** An OK has come; one that nobody waits for is ignored. */
  got(event: string, answer: Answer): void;
  /** The connection has ended: no OK comes any more. */
  end(): void;
}

/** Nothing waited for yet. */
export function createAnswers(): Answers {
  const waiting = new Map<string, (answer: Answer) => void>();
  return {
    to: (event) =>
      new Promise((resolve) => {
        const settle = (answer: Answer): void => {
          clearTimeout(timer);
          waiting.delete(event);
          resolve(answer);
        };
        const timer = setTimeout(() => settle('none'), OK_WAIT_MS);
        waiting.set(event, settle);
      }),
    got: (event, answer) => waiting.get(event)?.(answer),
    end() {
      for (const settle of waiting.values()) settle('none');
    },
  };
}
