import { expect } from '@playwright/test';
import { messageWith, PEER_MS } from '../fixtures/steps.ts';
import type { Attack } from './attack.ts';
import { meetOnSignal } from './meet.ts';

/** The server keeps an envelope and hands it over again. */
export const replaySignal: Attack = {
  name: 'replay-signal',
  number: 'AT-18',
  network: 'signal',
  does: 'The server hands over the same envelope five times.',
  outcome: 'refused',
  async run(stage) {
    const { page, signal, linked } = stage;
    const rosa = await meetOnSignal(stage, 'Rosa');
    const to = { account: rosa.id, device: linked.id };
    const envelope = await signal.call('encryptText', { ...to, text: 'Pay Rosa once', options: {} });
    await signal.call('sendRaw', { device: linked.id, envelope, times: 5 });
    await signal.sendText(rosa, linked, 'Thank you');
    await expect(messageWith(page, 'Thank you')).toBeVisible({ timeout: PEER_MS });
    await expect(messageWith(page, 'Pay Rosa once')).toHaveCount(1);
    return null;
  },
};
