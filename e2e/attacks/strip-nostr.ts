import { expect } from '@playwright/test';
import { signEvent } from '../../networks/nostr/event.ts';
import { freshSecretKey } from '../../networks/nostr/keys.ts';
import { readKeyCode } from '../../networks/nostr/key-code.ts';
import { messageWith, PEER_MS } from '../fixtures/steps.ts';
import type { Attack } from './attack.ts';
import { meetOnNostr } from './meet.ts';

/** A note, the old private messages, a chat's message, one inside a gift wrap, and the wrap itself: kinds that were or could be open. */
const KINDS = [1, 4, 9, 14, 1059] as const;

/** The relay, or anybody who knows a group's address there. */
export const stripNostr: Attack = {
  name: 'strip-nostr',
  number: 'AT-03',
  network: 'nostr',
  does: 'Somebody publishes messages without encryption to Pia’s group and to me.',
  outcome: 'refused',
  async run(stage) {
    const { page, relay, me } = stage;
    const { them, chat } = await meetOnNostr(stage, 'Pia');
    const group = (await relay.stored()).filter(({ kind }) => kind === 445).at(-1);
    const key = readKeyCode(me.nostr);
    if (group === undefined || key?.kind !== 'npub') throw new Error('no group');
    const created_at = Math.floor(Date.now() / 1_000);
    const open = (kind: number, tags: readonly (readonly string[])[], content: string) =>
      signEvent({ created_at, kind, tags, content }, freshSecretKey());
    const text = 'Pia says: in the clear';
    const event = JSON.stringify({ kind: 9, content: text });
    await relay.put([
      open(445, group.tags, text),
      open(445, group.tags, Buffer.from(event).toString('base64')),
      ...KINDS.map((kind) => open(kind, [['p', key.key]], text)),
    ]);
    await them.say(chat, 'Pia says hello');
    await expect(messageWith(page, 'Pia says hello')).toBeVisible({ timeout: PEER_MS });
    await expect(messageWith(page, 'in the clear')).toHaveCount(0);
    return null;
  },
};
