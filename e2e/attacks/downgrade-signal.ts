import { expect } from '@playwright/test';
import { PEER_MS } from '../fixtures/steps.ts';
import type { Attack } from './attack.ts';
import { oneLine, say, startFrom } from './meet.ts';

/** A server that collects what is sealed today waits for a computer that opens it: without these keys it could. */
export const downgradeSignal: Attack = {
  name: 'downgrade-signal',
  number: 'AT-06',
  network: 'signal',
  does: 'The server gives out Dana’s keys without the ones that quantum computers cannot break.',
  outcome: 'refused',
  async run(stage) {
    const { page, signal } = stage;
    const dana = stage.account('Dana');
    await signal.call('withholdPostQuantum', { on: true });
    try {
      await startFrom(stage, 'signal', dana.aci);
      const alert = page.getByRole('alert').filter({ hasText: say('flow.signal-chat.proof-failed.what') });
      await expect(alert).toBeVisible({ timeout: PEER_MS });
      const said = await oneLine(alert);
      await page.keyboard.press('Escape');
      return said;
    } finally {
      await signal.call('withholdPostQuantum', { on: false });
    }
  },
};
