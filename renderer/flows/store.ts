import { create } from 'zustand';
import type { Events } from '../../shared/contract/events.ts';
import type { AccountId, FlowId, NetworkId } from '../../shared/ids.ts';
import type { FlowAnswer, FlowBegin, FlowStep } from '../../shared/lane/flow.ts';
import { call, insist, newRequest } from '../app/core.ts';

/** The last step heard of every flow of this run; a step may come before the answer that names its flow. */
export const useFlows = create<{ readonly steps: ReadonlyMap<FlowId, FlowStep> }>(() => ({
  steps: new Map(),
}));

/** Notes the step a flow is at. */
export function flowStepped({ flow, step }: Events['flow']): void {
  useFlows.setState((state) => ({ steps: new Map(state.steps).set(flow, step) }));
}

/** Starts a flow with a lane. */
export async function startFlow(
  start: FlowBegin,
  network: NetworkId,
  account: AccountId | null,
): Promise<FlowId> {
  const { flow } = await insist('flow.start', { request: newRequest(), account, network, start });
  return flow;
}

/** Answers what a flow asked. */
export async function answerFlow(flow: FlowId, answer: FlowAnswer): Promise<void> {
  useFlows.setState((state) => {
    const steps = new Map(state.steps);
    steps.set(flow, { kind: 'progress', stage: 'answered' });
    return { steps };
  });
  await call('flow.answer', { flow, answer });
}

/** Ends a flow and forgets it. Safe for one that has ended. */
export async function cancelFlow(flow: FlowId): Promise<void> {
  const step = useFlows.getState().steps.get(flow);
  useFlows.setState((state) => {
    const steps = new Map(state.steps);
    steps.delete(flow);
    return { steps };
  });
  if (step?.kind !== 'done' && step?.kind !== 'failed') await call('flow.cancel', { flow });
}
