import { expect, test } from 'vitest';
import type { Change } from '../../../crypto/mls/engine.ts';
import type { ConversationId } from '../../../shared/ids.ts';
import { giftWrap, unwrapGift } from '../gift-wrap.ts';
import { conversationWith } from '../names.ts';
import type { SignedEvent } from '../event.ts';
import { itemOf, openMember, type Member } from '../test/company.ts';
import { transact } from '../turn.ts';
import { errandIntent } from './errand.ts';
import { foundGroup } from './found.ts';
import type { Found } from './invitees.ts';
import { stageFor } from './stage.ts';
import { leavesOf } from './view.ts';

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

test('a welcome that was left behind since, by one that came later, does not lead back', async () => {
  const [alice, bob] = [await openMember(), await openMember()];
  const conversation = 'made' as ConversationId;
  const offer = await bob.offer();
  const { value: founded } = await transact(alice.running, (turn) =>
    foundGroup(turn, { conversation, direct: null, title: 'Walks', members: [offer] }),
  );
  if (founded.kind === 'failed') throw new Error(founded.failure);
  const { group } = founded;
  const change = async (name: string, changes: readonly Change[], added: readonly Found[]) => {
    const item = itemOf(name, errandIntent({ op: 'renew', group, keys: [] }, Date.now()));
    await transact(alice.running, (turn) => stageFor(turn, group, item, { changes, added, quiet: true }));
    await alice.take(await alice.sent());
  };
  await bob.accept(alice);
  const [first] = await alice.sent();
  await bob.take([first!]);
  const epoch = async () => (await bob.running.engine.standing(group, bob.state.work())).current.number;
  expect(await epoch()).toBe(1n);
  const { view } = await alice.running.engine.standing(group, alice.state.work());
  await change('out', [{ kind: 'remove', leaf: leavesOf({ view }, bob.key)[0]! }], []);
  const again = await bob.offer();
  await change('in', [{ kind: 'add', keyPackage: again.keyPackage }], [again]);
  await bob.take((await alice.sent()).filter(({ kind }) => kind === 1059));
  expect(await epoch()).toBe(3n);
  await bob.take([wrappedAnew(alice, bob, first!)]);
  expect(await epoch()).toBe(3n);
});
