import { expect, test } from 'vitest';
import type { GroupKey } from '../../../crypto/mls/cells.ts';
import type { ConversationId } from '../../../shared/ids.ts';
import type { SignedEvent } from '../event.ts';
import { conversationWith } from '../names.ts';
import { receive } from '../receive.ts';
import { loadSeen } from '../seen.ts';
import { openMember, type Member } from '../test/company.ts';
import { RELAY } from '../test/trial.ts';
import { groupOf } from './record.ts';

const DAY_MS = 24 * 60 * 60_000;

/** Two who have talked for forty days, with new keys every five; `all` is what relays have of it. */
async function talked(perEpoch: number): Promise<{
  readonly alice: Member;
  readonly bob: Member;
  readonly chat: ConversationId;
  readonly group: GroupKey;
  readonly all: readonly SignedEvent[];
}> {
  let now = 0;
  const [alice, bob] = [await openMember(() => now), await openMember(() => now)];
  const chat = await alice.found(bob);
  await bob.accept(alice);
  await bob.take(await alice.sent());
  const group = await groupOf(bob.state.work(), conversationWith(bob.running.context.account, alice.key));
  if (group === null) throw new Error('no group');
  const all: SignedEvent[] = [];
  for (let epoch = 0; epoch < 8; epoch += 1) {
    for (let n = 0; n < perEpoch; n += 1) await alice.say(chat, `${epoch} ${n}`);
    const sent = [...(await alice.sent()), await alice.renew(group)];
    await bob.take(sent);
    all.push(...sent);
    now += 5 * DAY_MS;
  }
  return { alice, bob, chat, group, all };
}

test('what a relay gives again of long ago takes no room from what waits for a commit', async () => {
  const { alice, bob, chat, group, all } = await talked(60);
  expect(bob.texts()).toHaveLength(480);
  // The program starts again: what was seen more than nine days ago is known no more.
  const seen = await loadSeen(bob.state.view);
  const again = all.filter(({ id }) => !seen.has(id));
  expect(again.length).toBeGreaterThan(250);
  const leftBehind: unknown[] = [];
  for (let at = 0; at < again.length; at += 50)
    await receive(
      { ...bob.running, seen },
      again.slice(at, at + 50).map((event) => ({ kind: 'group' as const, event, relay: RELAY })),
      (scope) => void leftBehind.push(scope),
    );
  expect(leftBehind).toEqual([]);
  // Only what was dated about when the first key that is kept began might still have opened.
  expect(bob.state.keys('deferred').length).toBeLessThan(100);
  const commit = await alice.renew(group);
  for (let n = 0; n < 150; n += 1) await alice.say(chat, `after ${n}`);
  const late = await alice.sent();
  await bob.take(late.toReversed());
  await bob.take([commit]);
  expect(bob.texts().filter((text) => text.startsWith('after'))).toHaveLength(150);
});
