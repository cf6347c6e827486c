import { replaceKey } from '../peers/deltachat.ts';
import { sendText } from '../fixtures/steps.ts';
import type { Attack } from './attack.ts';
import { meetByMail, say, stopped } from './meet.ts';

/** Whoever holds the mailbox makes a new key and goes on as if nothing had been. */
export const swapKeyEmail: Attack = {
  name: 'swap-key-email',
  number: 'AT-10',
  network: 'email',
  does: 'Somebody who took over Alice’s mailbox writes under a new key.',
  outcome: 'held',
  async run(stage) {
    const { page, me } = stage;
    const alice = await meetByMail(stage, 'Alice');
    await sendText(page, 'The gate opens at six');
    await alice.waitForText('The gate opens at six');
    const card = await alice.rpc.makeVcard(alice.account, [
      (await alice.rpc.lookupContactIdByAddr(alice.account, me.mail)) ?? -1,
    ]);
    const impostor = await replaceKey(alice);
    try {
      const chat = await impostor.chatWith(await impostor.importVcard(card));
      await impostor.sendText(chat, 'Which gate was it?');
      return await stopped(page, say('stopped.identity-changed', { name: 'Alice' }));
    } finally {
      await impostor.stop();
    }
  },
};
