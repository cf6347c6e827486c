import type { LaneContext, LaneStatus } from '../../shared/lane/lane.ts';
import { PERSON_RETRY_MS } from './tls.ts';

/** How an account stands: by its mailbox, and by the server that takes its mail. */
export interface Standing {
  /** How reading the mailbox stands. */
  reading(status: LaneStatus): void;
  /** The submission server was not signed in to, and a person is needed. Nothing is handed over until they have been waited for. */
  stopped(why: 'password' | 'certificate'): void;
  /** It took a mail. */
  passed(): void;
  close(): void;
}

/** Says the worse of the two. What is read while mail cannot be sent is taken in all the same. */
export function createStanding(context: Pick<LaneContext, 'status'>): Standing {
  let read: LaneStatus = { kind: 'connecting' };
  let stop: Extract<LaneStatus, { kind: 'needs-person' }> | null = null;
  let timer: NodeJS.Timeout | undefined;

  const over = (): void => {
    clearTimeout(timer);
    if (stop === null) return;
    stop = null;
    context.status(read);
  };

  return {
    reading(status) {
      read = status;
      const isReady = status.kind === 'online' || status.kind === 'catching-up';
      context.status(isReady && stop !== null ? stop : status);
    },
    stopped(why) {
      clearTimeout(timer);
      stop = { kind: 'needs-person', why };
      context.status(stop);
      timer = setTimeout(over, PERSON_RETRY_MS);
      timer.unref();
    },
    passed: over,
    close: () => clearTimeout(timer),
  };
}
