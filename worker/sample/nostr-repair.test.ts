import { afterEach, beforeEach, expect, test } from 'vitest';
import { startRelay, type Relay } from '../../e2e/peers/nostr/relay.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { forkingCommit } from './forking-commit.ts';
import { openSomebody, type Somebody } from './nostr-world.ts';

let relay: Relay;
let [alice, bob]: readonly [Somebody?, Somebody?] = [];

beforeEach(async () => {
  relay = await startRelay();
  [alice, bob] = await Promise.all([openSomebody('alice', [relay.url]), openSomebody('bob', [relay.url])]);
  await relay.record.waitForEvent({ kind: 30_443, verdict: 'accepted', skip: 1 });
});
afterEach(async () => {
  await Promise.all([alice?.close(), bob?.close()]);
  await relay.stop();
});

const hears = (of: Somebody, chat: ConversationId, text: string): Promise<void> =>
  of.eventually(text, async () => (await of.texts(chat)).includes(text));
const isStopped = (of: Somebody, chat: ConversationId): Promise<void> =>
  of.eventually('a stop', async () => {
    const { sending } = (await of.row(chat)).label;
    return !sending.ok && sending.why === 'fork';
  });

test('AT-23 a conversation of two that fell apart is started again in its place, by one side or both, and nothing said is lost', async () => {
  if (!alice || !bob) throw new Error('nobody is here');
  const chat = await alice.chat(bob.address);
  const theirs = await bob.conversation('a request', ({ state }) => state === 'request');
  await bob.accept(theirs);
  await alice.say(chat, 'the first');
  await hears(bob, theirs, 'the first');

  // Bob's program leads into a state that mine cannot follow.
  relay.put([await forkingCommit(bob, theirs)]);
  await isStopped(alice, chat);
  await alice.say(chat, 'waits');
  await alice.chat(bob.address);
  await hears(bob, theirs, 'waits');
  await bob.say(theirs, 'answered');
  await hears(alice, chat, 'answered');
  expect((await alice.row(chat)).label.sending).toEqual({ ok: true });

  // And once more, from both sides, who both press "Start again".
  relay.put([await forkingCommit(bob, theirs), await forkingCommit(alice, chat)]);
  await Promise.all([isStopped(alice, chat), isStopped(bob, theirs)]);
  await alice.say(chat, 'Alice waits');
  await bob.say(theirs, 'Bob waits');
  await Promise.all([alice.chat(bob.address), bob.chat(alice.address)]);
  await Promise.all([hears(bob, theirs, 'Alice waits'), hears(alice, chat, 'Bob waits')]);
  await alice.say(chat, 'the last');
  await hears(bob, theirs, 'the last');

  const said = ['the first', 'waits', 'answered', 'Alice waits', 'Bob waits', 'the last'];
  for (const [of, id] of [
    [alice, chat],
    [bob, theirs],
  ] as const) {
    expect((await of.texts(id)).toSorted()).toEqual(said.toSorted());
    expect(await of.rows()).toHaveLength(1);
    expect((await of.row(id)).label.sending).toEqual({ ok: true });
  }
}, 60_000);
