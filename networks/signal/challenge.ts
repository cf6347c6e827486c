import type { ConversationId, Millis } from '../../shared/ids.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import type { SignalService } from './service/service.ts';

/** Waited for the person before the server is asked again whether it still wants an answer. */
const ASK_AGAIN_MS = 60 * 60 * 1_000;
/** Longest a timer of Node can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The server wants to see a person before it takes more: nothing is sent until then, or until the time it names. */
export interface Challenge {
  /** Until when nothing is sent; null: no challenge stands. */
  until(now: Millis): Millis | null;
  /** A challenge of the server (428). */
  demand(of: {
    readonly token: string;
    readonly retryAfterMs: Millis | null;
    readonly options: readonly string[];
  }): void;
  /** A conversation that says so, since it is its message that the server did not take. */
  stop(conversation: ConversationId): void;
  /** Says that a person is needed, if one is: a new connection has said otherwise meanwhile. False: none is. */
  say(): boolean;
  /** It is over: its time has come, the server took its answer, or something that was begun since. */
  passed(): void;
  /** Gives the server what the person's browser got. `none`: no challenge stands. */
  answer(via: SignalService, captcha: string): Promise<'done' | 'refused' | 'none' | 'later'>;
  /** Forgets it; the lane ends. */
  close(): void;
}

/**
 * The one challenge of a running lane; after a restart the server is asked again. `online`: says so, where the lane is but for this. `resume`:
 * has the conversations go on that said so.
 */
export function createChallenge(
  context: Pick<LaneContext, 'now' | 'status' | 'log'>,
  online: () => void,
  resume: (conversations: readonly ConversationId[]) => Promise<void>,
): Challenge {
  const stopped = new Set<ConversationId>();
  let standing: { readonly token: string; readonly retryAt: Millis; readonly captcha: boolean } | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function close(): void {
    clearTimeout(timer);
    standing = null;
  }

  function say(): boolean {
    if (standing?.captcha !== true) return false;
    context.status({ kind: 'needs-person', why: 'captcha' });
    return true;
  }

  function passed(): void {
    if (standing === null) return;
    close();
    resume([...stopped]).catch((error: unknown) => {
      context.log('challenge-fault', { error: error instanceof Error ? error.name : 'unknown' });
    });
    stopped.clear();
    // Core takes up what waits as soon as the lane is online.
    online();
  }

  return {
    until: (now) => (standing !== null && standing.retryAt > now ? standing.retryAt : null),
    demand({ token, retryAfterMs, options }) {
      close();
      const wait = retryAfterMs ?? ASK_AGAIN_MS;
      const retryAt = context.now() + wait;
      standing = { token, retryAt, captcha: options.includes('captcha') };
      timer = setTimeout(passed, Math.min(wait, MAX_TIMER_MS));
      timer.unref();
      say();
    },
    stop: (conversation) => void stopped.add(conversation),
    say,
    passed,
    async answer(via, captcha) {
      const asked = standing;
      if (asked === null) return 'none';
      const answer = await via.answerChallenge(asked.token, captcha);
      if (answer.kind === 'refused') return 'refused';
      if (answer.kind !== 'done') return 'later';
      if (standing === asked) passed();
      return 'done';
    },
    close,
  };
}
