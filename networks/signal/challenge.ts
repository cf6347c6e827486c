import type { Millis } from '../../shared/ids.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import type { SignalService } from './service/service.ts';

/** Waited for the person before the server is asked again whether it still wants an answer. */
const ASK_AGAIN_MS = 60 * 60 * 1_000;

/** The server wants to see a person before it takes more: nothing is sent until then, or until the time it names. */
export interface Challenge {
  /** Until when nothing is sent; null: no challenge stands. */
  until(now: Millis): Millis | null;
  /** A challenge of the server (428). Gives when to try again. */
  demand(of: {
    readonly token: string;
    readonly retryAfterMs: Millis | null;
    readonly options: readonly string[];
  }): Millis;
  /** Something was sent: it is over. */
  passed(): void;
  /** Gives the server what the person's browser got. `none`: no challenge stands. */
  answer(service: SignalService, captcha: string): Promise<'done' | 'refused' | 'none' | 'later'>;
}

/** The one challenge of a running lane. After a restart the server is asked again. */
export function createChallenge(context: Pick<LaneContext, 'now' | 'status'>): Challenge {
  let standing: { readonly token: string; readonly retryAt: Millis } | null = null;

  function passed(): void {
    if (standing === null) return;
    standing = null;
    context.status({ kind: 'online' });
  }

  return {
    until: (now) => (standing !== null && standing.retryAt > now ? standing.retryAt : null),
    demand({ token, retryAfterMs, options }) {
      const retryAt = context.now() + (retryAfterMs ?? ASK_AGAIN_MS);
      standing = { token, retryAt };
      if (options.includes('captcha')) context.status({ kind: 'needs-person', why: 'captcha' });
      return retryAt;
    },
    passed,
    async answer(service, captcha) {
      const now = standing;
      if (now === null) return 'none';
      const answer = await service.answerChallenge(now.token, captcha);
      if (answer.kind === 'refused') return 'refused';
      if (answer.kind !== 'done') return 'later';
      if (standing === now) passed();
      return 'done';
    },
  };
}
