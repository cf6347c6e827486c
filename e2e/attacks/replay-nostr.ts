import { expect } from '@playwright/test';
import { signEvent } from '../../networks/nostr/event.ts';
import { freshSecretKey } from '../../networks/nostr/keys.ts';
import { messageWith, PEER_MS } from '../fixtures/steps.ts';
import type { Attack } from './attack.ts';
import { meetOnNostr } from './meet.ts';

/** The key that signs a group's event is used once and is nobody's: anybody can put the same sealed bytes into an event of their own. */
export const replayNostr: Attack = {
  name: 'replay-nostr',
  number: 'AT-18',
  network: 'nostr',
  does: 'A stranger takes a sealed message from the relay and publishes it again in new events.',
  outcome: 'refused',
  async run(stage) {
    const { page, relay } = stage;
    const { them, chat } = await meetOnNostr(stage, 'Remy');
    await them.say(chat, 'Pay Remy once');
    await expect(messageWith(page, 'Pay Remy once')).toBeVisible({ timeout: PEER_MS });
    const sealed = (await relay.stored()).filter(({ kind }) => kind === 445).at(-1);
    if (sealed === undefined) throw new Error('nothing was published');
    const { created_at, kind, tags, content } = sealed;
    await relay.put(
      Array.from({ length: 3 }, () => signEvent({ created_at, kind, tags, content }, freshSecretKey())),
    );
    await them.say(chat, 'Thank you');
    await expect(messageWith(page, 'Thank you')).toBeVisible({ timeout: PEER_MS });
    await expect(messageWith(page, 'Pay Remy once')).toHaveCount(1);
    return null;
  },
};
