import { expect, test } from 'vitest';
import { giftWrap, unwrapGift } from '../gift-wrap.ts';
import { conversationWith } from '../names.ts';
import { openMember, type Member } from '../test/company.ts';
import type { SignedEvent } from '../event.ts';

/** The same welcome in a wrap of another id, as whoever sent it can make it. */
function wrappedAnew(from: Member, to: Member, wrap: SignedEvent): SignedEvent {
  const opened = unwrapGift(to.running.self, wrap);
  if (opened.kind === 'refused') throw new Error(opened.why);
  return giftWrap(from.running.self.secret, to.key, opened.rumor, Date.now());
}

test.each([
  ['given again', false],
  ['wrapped anew', true],
])('a welcome that is %s begins nothing a second time: no key seals twice', async (_how, isAnew) => {
  const [alice, bob] = [await openMember(), await openMember()];
  await alice.found(bob);
  await bob.accept(alice);
  const [wrap] = await alice.sent();
  if (!wrap) throw new Error('no invitation');
  await bob.take([wrap]);
  const chat = conversationWith(bob.running.context.account, alice.key);
  await bob.say(chat, 'one');
  await alice.take(await bob.sent());
  await bob.take([isAnew ? wrappedAnew(alice, bob, wrap) : wrap]);
  await bob.say(chat, 'two');
  await alice.take(await bob.sent());
  expect(alice.texts()).toEqual(['one', 'two']);
  expect(bob.givenBack()).toEqual([]);
});
