import { addSignalAccount } from '../../e2e/fixtures/accounts.ts';
import type { CoreLink } from '../../e2e/fixtures/contract.ts';
import {
  startSignalServer,
  type Account,
  type Linked,
  type SignalServer,
} from '../../e2e/peers/signal/child.ts';
import { answerTo } from './answer.ts';

/** How long Nadia waits for the next message before she looks again, ms. */
const LOOK_MS = 60_000;

/** Signal's own mock server, my phone on it, and a contact who answers. */
export interface SignalWorld {
  readonly server: SignalServer;
  readonly phone: Account;
  readonly nadia: Account;
  stop(): Promise<void>;
}

/** Starts the server in a process of its own. My phone has Nadia in its list. */
export async function startSignalWorld(): Promise<SignalWorld> {
  const server = await startSignalServer();
  try {
    const nadia = await server.account('Nadia');
    const phone = await server.account('Mara', { contacts: [nadia] });
    return { server, phone, nadia, stop: () => server.stop() };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Links the profile to my phone, which scans the code; then Nadia writes, and answers what I write. */
export async function linkPhone({ server, phone, nadia }: SignalWorld, core: CoreLink): Promise<void> {
  const device = await addSignalAccount(core, server, phone);
  await server.introduce(nadia, device);
  await server.sendText(nadia, device, 'Nadia here. Write to me on Signal.', { withProfileKey: true });
  void answer(server, nadia, device);
}

async function answer(server: SignalServer, nadia: Account, device: Linked): Promise<void> {
  for (;;) {
    try {
      const { body } = await server.next(nadia, 'message', LOOK_MS);
      if (body !== null) await server.sendText(nadia, device, answerTo(body), { sealed: true });
    } catch (error) {
      // Nobody wrote; or the demo is over.
      if (error instanceof Error && error.message.includes('ended')) return;
    }
  }
}
