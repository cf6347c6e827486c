import { expect, test } from 'vitest';
import type { GroupKey } from '../../../crypto/mls/cells.ts';
import type { ConversationId } from '../../../shared/ids.ts';
import { conversationWith } from '../names.ts';
import { openMember, type Member } from '../test/company.ts';
import { groupOf } from './record.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** Alice has begun a conversation of two with Bob, who has joined. */
async function pair(
  ofAlice: () => number,
  ofBob: () => number,
): Promise<{
  readonly alice: Member;
  readonly bob: Member;
  readonly chat: ConversationId;
  readonly theirs: ConversationId;
  readonly group: GroupKey;
}> {
  const [alice, bob] = [await openMember(ofAlice), await openMember(ofBob)];
  const chat = await alice.found(bob);
  await bob.accept(alice);
  await bob.take(await alice.sent());
  const theirs = conversationWith(bob.running.context.account, alice.key);
  const group = await groupOf(bob.state.work(), theirs);
  if (group === null) throw new Error('no group');
  return { alice, bob, chat, theirs, group };
}

test('somebody whose clock is behind is read by who began the conversation, and by who joined it', async () => {
  let [aheadAlice, aheadBob] = [0, -3 * MINUTE_MS];
  const { alice, bob, chat, theirs } = await pair(
    () => aheadAlice,
    () => aheadBob,
  );
  await bob.say(theirs, 'hello');
  await alice.take(await bob.sent());
  expect(alice.texts()).toEqual(['hello']);
  [aheadAlice, aheadBob] = [-2 * DAY_MS, 0];
  await alice.say(chat, 'hello to you');
  await bob.take(await alice.sent());
  expect(bob.texts()).toEqual(['hello to you']);
});

test('my clock was a day ahead when I began a conversation: what comes once it is right is read', async () => {
  let ahead = DAY_MS;
  const { alice, bob, theirs } = await pair(
    () => ahead,
    () => 0,
  );
  ahead = 0;
  await bob.say(theirs, 'hello');
  await alice.take(await bob.sent());
  expect(alice.texts()).toEqual(['hello']);
});

test('new keys of somebody whose clock is behind are followed', async () => {
  const { alice, bob, theirs, group } = await pair(
    () => 0,
    () => -3 * MINUTE_MS,
  );
  await alice.take([await bob.renew(group)]);
  await bob.say(theirs, 'under the new keys');
  await alice.take(await bob.sent());
  expect(alice.texts()).toEqual(['under the new keys']);
});

test('a message of somebody whose clock is behind waits for the commit before it, also after others have gone on', async () => {
  let aheadBob = 0;
  const { alice, bob, theirs, group } = await pair(
    () => 0,
    () => aheadBob,
  );
  for (let n = 0; n < 8; n += 1) await alice.take([await bob.renew(group)]);
  aheadBob = -2 * DAY_MS;
  const commit = await bob.renew(group);
  await bob.say(theirs, 'early');
  await alice.take(await bob.sent());
  expect(alice.texts()).toEqual([]);
  await alice.take([commit]);
  expect(alice.texts()).toEqual(['early']);
});
