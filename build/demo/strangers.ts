import { startDeltaChat, replaceKey, type DeltaChat } from '../../e2e/peers/deltachat.ts';
import { answerTo } from './answer.ts';
import { demoAddress, plainMail, type World } from './contacts.ts';
import { myAddress, type Prepared } from './prepare.ts';

/** Those the check meets beside the demo's contacts: each must make the page say something else. */
export interface Strangers {
  /** Somebody whose program knows no encryption answers a text that was written to them. */
  paulaAnswers(text: string): void;
  stop(): Promise<void>;
}

const paula = demoAddress('paula');

/** Mallory with a swapped key, Paula without encryption, Sven whose program is off. */
export async function meetStrangers(world: World, prepared: Prepared): Promise<Strangers> {
  const { mail } = world;
  const [mallory, sven] = (await Promise.all(
    ['Mallory', 'Sven'].map((name) => startDeltaChat({ mail, address: demoAddress(name), name })),
  )) as [DeltaChat, DeltaChat];
  await prepared.join(await sven.inviteLink());
  await sven.stop();
  await prepared.join(await mallory.inviteLink());
  const swapped = await swapKey(mallory);
  await prepared.chat(paula);

  return {
    paulaAnswers(text) {
      mail
        .waitForMail({ from: myAddress, to: paula })
        .then(() => mail.deliver(myAddress, plainMail(paula, 'Paula', myAddress, answerTo(text))))
        // A text that never came is never answered: the table shows it.
        .catch(() => undefined);
    },
    stop: () => swapped.stop(),
  };
}

/** The same address under a new key, which then writes: what a stolen mailbox looks like, or a new phone. */
async function swapKey(mallory: DeltaChat): Promise<DeltaChat> {
  const mine = await mallory.rpc.lookupContactIdByAddr(mallory.account, myAddress);
  if (mine === null) throw new Error('Mallory does not know me');
  const card = await mallory.rpc.makeVcard(mallory.account, [mine]);
  const swapped = await replaceKey(mallory);
  const chat = await swapped.chatWith(await swapped.importVcard(card));
  await swapped.sendText(chat, 'It is still me.');
  return swapped;
}
