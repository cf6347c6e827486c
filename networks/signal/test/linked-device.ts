import type { Account, Linked, SignalServer } from '../../../e2e/peers/signal/child.ts';
import type { ServiceId } from '../../../crypto/signal/address.ts';
import type { ConversationId } from '../../../shared/ids.ts';
import type { AccountSetup, FlowStep } from '../../../shared/lane/flow.ts';
import type { Lane } from '../../../shared/lane/lane.ts';
import type { StateWrite } from '../../../shared/lane/state.ts';
import { createLane } from '../lane.ts';
import { conversationWith } from '../names.ts';
import { ACCOUNT, createCoreDouble, type CoreDouble, type DoubleOptions } from './lane-context.ts';

/** How linking ended. */
export interface Linking {
  readonly setup: AccountSetup;
  readonly linked: Linked;
  /** From the scan of the code to the account. */
  readonly tookMs: number;
  readonly steps: readonly FlowStep[];
}

/** For tests: links a new device to a phone of the mock server, as a person does. */
export async function link(server: SignalServer, phone: Account): Promise<Linking> {
  const core = createCoreDouble();
  const args = { signal: JSON.stringify(server.environment) };
  const flow = createLane().flow({ kind: 'add-account', args }, core.context, new AbortController().signal);
  const steps: FlowStep[] = [];
  let linking: Promise<Linked> | null = null;
  let scannedAt = 0;
  for (;;) {
    const next = await flow.next();
    if (next.done) {
      if (!next.value || !linking) throw new Error(JSON.stringify(steps));
      const tookMs = performance.now() - scannedAt;
      return { setup: next.value, linked: await linking, tookMs, steps };
    }
    steps.push(next.value);
    if (next.value.kind === 'show-code') {
      scannedAt = performance.now();
      linking = server.link(phone, next.value.text);
      linking.catch(() => undefined);
    }
  }
}

/** Runs a linked account until it is online. The caller stops the lane. */
export async function start(
  work: readonly StateWrite[],
  options: DoubleOptions = {},
): Promise<{ readonly core: CoreDouble; readonly lane: Lane }> {
  const core = createCoreDouble({ ...options, work });
  const lane = createLane();
  await lane.start(core.context);
  await core.until('online', () => core.statuses.at(-1)?.kind === 'online');
  return { core, lane };
}

/** Performs what waits in the outbox, once each. */
export async function performAll(core: CoreDouble, lane: Lane): Promise<void> {
  for (const item of core.items())
    if (item.state === 'queued' || item.state === 'sealed')
      await lane.perform(item, new AbortController().signal);
}

export const chatWith = (account: Account): ConversationId =>
  conversationWith(ACCOUNT, account.aci as ServiceId);
