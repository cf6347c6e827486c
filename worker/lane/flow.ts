import { PlainsealError } from '../../shared/errors.ts';
import type { AccountSetup, FlowAnswer, FlowStart, FlowStep } from '../../shared/lane/flow.ts';
import type { Lane, LaneContext } from '../../shared/lane/lane.ts';

/** Steps of one flow and, with the last of an `add-account` flow, the account to create. */
export type TellStep = (flow: string, step: FlowStep, setup: AccountSetup | null) => void;

interface Running {
  readonly stop: AbortController;
  /** Set while the flow waits for the person. */
  answer: ((answer: FlowAnswer) => void) | null;
}

/** Flows that may run at once in one lane; more is a fault. */
const MAX_FLOWS = 16;

/** The steps that go on only with an answer of the person. */
const waits = (step: FlowStep): boolean =>
  step.kind === 'ask' || step.kind === 'ask-key' || step.kind === 'compare';

/** Runs a lane's flows: drives each generator, tells its steps in order, ends each with exactly one `done` or `failed`. */
export function runFlows(tell: TellStep): {
  start(flow: string, lane: Lane, context: LaneContext, start: FlowStart): void;
  answer(flow: string, answer: FlowAnswer): void;
  cancel(flow: string): void;
  cancelAll(): void;
} {
  const running = new Map<string, Running>();

  function nextAnswer(of: Running): Promise<FlowAnswer> {
    return new Promise((resolve, reject) => {
      const aborted = (): void => reject(new PlainsealError('cancelled', 'the flow was cancelled'));
      if (of.stop.signal.aborted) return aborted();
      of.stop.signal.addEventListener('abort', aborted, { once: true });
      of.answer = (answer) => {
        of.stop.signal.removeEventListener('abort', aborted);
        of.answer = null;
        resolve(answer);
      };
    });
  }

  async function drive(flow: string, of: Running, lane: Lane, context: LaneContext, start: FlowStart) {
    let last: FlowStep | null = null;
    let setup: AccountSetup | null = null;
    const steps = lane.flow(start, context, of.stop.signal);
    try {
      let answer: FlowAnswer | undefined;
      for (;;) {
        const next = await steps.next(answer);
        answer = undefined;
        if (next.done) {
          setup = next.value;
          break;
        }
        // An outcome is told once, when the generator has ended: only then is the account's state complete.
        if (next.value.kind === 'done' || next.value.kind === 'failed') last = next.value;
        else {
          tell(flow, next.value, null);
          if (waits(next.value)) answer = await nextAnswer(of);
        }
        if (of.stop.signal.aborted) throw new PlainsealError('cancelled', 'the flow was cancelled');
      }
    } catch (error) {
      const cancelled = of.stop.signal.aborted;
      last = { kind: 'failed', why: cancelled ? 'cancelled' : 'internal' };
      setup = null;
      if (!cancelled) context.log('flow.failed', { error: error instanceof Error ? error.name : 'unknown' });
      // Lets the generator's `finally` close its sockets; what it throws there changes nothing.
      await steps.return(null).catch(() => undefined);
    } finally {
      running.delete(flow);
    }
    const outcome = last ?? { kind: 'done', conversation: null, peer: null };
    tell(flow, outcome, outcome.kind === 'done' ? setup : null);
  }

  return {
    start(flow, lane, context, start) {
      if (running.has(flow)) throw new PlainsealError('conflict', 'this flow runs already');
      if (running.size >= MAX_FLOWS) throw new PlainsealError('refused', 'too many flows');
      const of: Running = { stop: new AbortController(), answer: null };
      running.set(flow, of);
      void drive(flow, of, lane, context, start);
    },
    answer(flow, answer) {
      const waiting = running.get(flow)?.answer;
      if (!waiting) throw new PlainsealError('conflict', 'this flow waits for no answer');
      waiting(answer);
    },
    cancel: (flow) => running.get(flow)?.stop.abort(),
    cancelAll: () => {
      for (const { stop } of running.values()) stop.abort();
    },
  };
}
