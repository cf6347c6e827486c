import { expect } from '@playwright/test';
import { PEER_MS } from '../fixtures/steps.ts';
import type { Attack } from './attack.ts';
import { meetOnNostr, oneLine, say } from './meet.ts';

/** On Nostr the key is the person: another key is somebody else, whatever they say. */
export const swapKeyNostr: Attack = {
  name: 'swap-key-nostr',
  number: 'AT-11',
  network: 'nostr',
  does: 'Somebody writes under a new key and says that they are Omar.',
  outcome: 'marked',
  async run(stage) {
    const { page, me } = stage;
    await meetOnNostr(stage, 'Omar');
    const impostor = await stage.somebody('Omar');
    const chat = await impostor.chat(me.nostr);
    await impostor.say(chat, 'It is Omar, on a new phone');
    await page.getByRole('button', { name: new RegExp(`^${say('rail.requests')}`, 'u') }).click();
    // It is shown by its key: no name of theirs is believed.
    await page.getByTestId('chat').filter({ hasText: 'npub1' }).click({ timeout: PEER_MS });
    await expect(page.getByTestId('chat').filter({ hasText: 'Omar' })).toHaveCount(0);
    const asks = page.getByRole('region', { name: say('rail.requests') });
    await expect(asks).toContainText(say('request.means'));
    return oneLine(asks.getByRole('heading'));
  },
};
