import { useEffect, useRef, useState } from 'react';
import { kindOf, type ErrorKind } from '../../shared/errors.ts';
import type { AccountId, FlowId, NetworkId } from '../../shared/ids.ts';
import type { FlowAnswer, FlowBegin, FlowStep } from '../../shared/lane/flow.ts';
import { openConversation } from '../app/view.ts';
import { answerFlow, cancelFlow, startFlow, useFlows } from './store.ts';

export type Flow = {
  /** Null before it was started and until the first step came. */
  readonly step: FlowStep | null;
  readonly running: boolean;
  /** Core could not even start it. */
  readonly error: ErrorKind | null;
  readonly start: (start: FlowBegin, network: NetworkId, account: AccountId | null) => void;
  readonly answer: (answer: FlowAnswer) => void;
  /** What it could not do stays to be read. */
  readonly stop: () => void;
  /** Stops it, and nothing of it is said any more. */
  readonly forget: () => void;
};

/** A flow that lives as long as the part of the page that runs it: leaving cancels it. */
export function useFlow(): Flow {
  const [flow, setFlow] = useState<FlowId | null>(null);
  const [starting, setStarting] = useState(false);
  const [error, setError] = useState<ErrorKind | null>(null);
  const step = useFlows((flows) => (flow === null ? undefined : flows.steps.get(flow))) ?? null;
  const live = useRef<FlowId | null>(null);
  /** Rises with each start, so that an answer to an earlier one is known as such. */
  const turn = useRef(0);

  function drop(): void {
    turn.current += 1;
    const old = live.current;
    live.current = null;
    // It may have ended by itself meanwhile, which is as good.
    if (old !== null) cancelFlow(old).catch(() => undefined);
  }
  // Only when it leaves.
  // oxlint-disable-next-line react/exhaustive-effect-dependencies, react-hooks/exhaustive-deps
  useEffect(() => drop, []);

  return {
    step,
    error,
    running: starting || (flow !== null && step?.kind !== 'done' && step?.kind !== 'failed'),
    start(how, network, account) {
      drop();
      const mine = turn.current;
      setFlow(null);
      setError(null);
      setStarting(true);
      startFlow(how, network, account).then(
        (made) => {
          if (mine !== turn.current) {
            cancelFlow(made).catch(() => undefined);
            return;
          }
          live.current = made;
          setFlow(made);
          setStarting(false);
        },
        (failure: unknown) => {
          if (mine !== turn.current) return;
          setStarting(false);
          setError(kindOf(failure));
        },
      );
    },
    answer(answer) {
      if (live.current === null) return;
      answerFlow(live.current, answer).catch((failure: unknown) => setError(kindOf(failure)));
    },
    stop() {
      drop();
      setFlow(null);
      setStarting(false);
    },
    forget() {
      drop();
      setFlow(null);
      setStarting(false);
      setError(null);
    },
  };
}

/** Opens the conversation that a flow ended with. */
export function useOpening(step: FlowStep | null): void {
  const made = step?.kind === 'done' ? step.conversation : null;
  useEffect(() => {
    if (made !== null) openConversation(made);
  }, [made]);
}
