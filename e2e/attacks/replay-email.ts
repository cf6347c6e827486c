import { messageWith, PEER_MS } from '../fixtures/steps.ts';
import { expect } from '@playwright/test';
import type { Attack } from './attack.ts';
import { meetByMail } from './meet.ts';

/** What the server has seen once it can hand over as often as it likes. */
export const replayEmail: Attack = {
  name: 'replay-email',
  number: 'AT-18',
  network: 'email',
  does: 'The mail server hands over the same sealed mail three times, once under another id.',
  outcome: 'refused',
  async run(stage) {
    const { page, mail, me } = stage;
    const rita = await meetByMail(stage, 'Rita');
    const chat = await rita.chatWith((await rita.rpc.lookupContactIdByAddr(rita.account, me.mail)) ?? -1);
    await rita.sendText(chat, 'Pay me once');
    await expect(messageWith(page, 'Pay me once')).toBeVisible({ timeout: PEER_MS });
    const sealed = (await mail.mails()).findLast(({ from }) => from === rita.address);
    const raw = sealed?.raw.toString('latin1') ?? '';
    const renamed = raw.replace(/^Message-ID: .*$/imu, 'Message-ID: <another@example.org>');
    for (const again of [raw, raw, renamed]) await mail.deliver(me.mail, Buffer.from(again, 'latin1'));
    // The inbox is read in order: what comes after them is there once they were dealt with.
    await rita.sendText(chat, 'Thank you');
    await expect(messageWith(page, 'Thank you')).toBeVisible({ timeout: PEER_MS });
    await expect(messageWith(page, 'Pay me once')).toHaveCount(1);
    return null;
  },
};
