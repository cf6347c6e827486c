import { expect } from '@playwright/test';
import { messageWith, PEER_MS } from '../fixtures/steps.ts';
import type { Attack } from './attack.ts';
import { meetOnSignal, say, stopped } from './meet.ts';

/** What a server that wants to read along would do, and what a new phone does. */
export const swapKeySignal: Attack = {
  name: 'swap-key-signal',
  number: 'AT-10',
  network: 'signal',
  does: 'Bob’s number speaks under a new identity key.',
  outcome: 'held',
  async run(stage) {
    const { page, signal, linked } = stage;
    const bob = await meetOnSignal(stage, 'Bob');
    await signal.call('changeIdentity', { account: bob.id });
    await signal.introduce(bob, linked);
    await signal.sendText(bob, linked, 'It is still me');
    await expect(messageWith(page, 'It is still me')).toBeVisible({ timeout: PEER_MS });
    return stopped(page, say('stopped.identity-changed', { name: 'Bob' }));
  },
};
