import { afterEach, beforeEach, expect, test } from 'vitest';
import { startRelay, type Relay } from '../../e2e/peers/nostr/relay.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { openSomebody, type Somebody } from './nostr-world.ts';

let relay: Relay;
let alice: Somebody;
let bob: Somebody;

beforeEach(async () => {
  relay = await startRelay();
  [alice, bob] = await Promise.all([openSomebody('alice', [relay.url]), openSomebody('bob', [relay.url])]);
  await relay.record.waitForEvent({ kind: 30_443, verdict: 'accepted', skip: 1 });
});
afterEach(async () => {
  await Promise.all([alice.close(), bob.close()]);
  await relay.stop();
});

/** The rows that Plainseal states. */
async function stated(of: Somebody, conversation: ConversationId): Promise<readonly string[]> {
  const page = { conversation, around: 'end', side: 'around', limit: 50 } as const;
  const { rows } = await of.rig.page.call('message.page', page);
  return rows.flatMap((row) => (row.kind === 'note' ? [row.code] : []));
}
const isStated = (of: Somebody, chat: ConversationId, code: string): Promise<void> =>
  of.eventually(code, async () => (await stated(of, chat)).includes(code));
const isRequest = (of: Somebody): Promise<ConversationId> =>
  of.conversation('a request', ({ state }) => state === 'request');
const blockInvitations = () =>
  relay.arm({ kind: 'refuse-event', prefix: 'blocked' }, { kinds: [1059], times: 'always' });

test('a chat of two whose invitation no relay took says so; started again, the other reads what was said', async () => {
  const refusal = blockInvitations();
  const chat = await alice.chat(bob.address);
  await isStated(alice, chat, 'member-not-invited');
  await alice.say(chat, 'are you there?');
  refusal.disarm();
  expect(await alice.chat(bob.address)).toBe(chat);
  const theirs = await isRequest(bob);
  await bob.accept(theirs);
  await bob.eventually('the words', async () => (await bob.texts(theirs)).includes('are you there?'));
}, 40_000);

test('who has no invitation to a group is named, and can be taken out and added again', async () => {
  await alice.chat(bob.address);
  await bob.accept(await isRequest(bob));
  const refusal = blockInvitations();
  const group = await alice.found('Walks', [bob.peer]);
  await isStated(alice, group, 'member-not-invited');
  refusal.disarm();
  await alice.change(group, { act: 'remove', peer: bob.peer });
  await isStated(alice, group, 'member-removed');
  await alice.change(group, { act: 'add', peers: [bob.peer] });
  await bob.conversation('the group', ({ kind, state }) => kind === 'group' && state === 'active');
}, 40_000);

test('a group whose invitation opens no more is over as soon as it is accepted, and says so', async () => {
  await alice.chat(bob.address);
  await isRequest(bob);
  await alice.found('Walks', [bob.peer]);
  const theirs = await bob.conversation(
    'a request to a group',
    ({ state, kind }) => state === 'request' && kind === 'group',
  );
  // As after the 84 days for which a key package is valid.
  await bob.rig.restart();
  bob.rig.db.run("DELETE FROM lane_state WHERE space = 'mls-key-package'");
  await bob.rig.restart();
  await bob.online();
  await bob.accept(theirs);
  await isStated(bob, theirs, 'invitation-over');
  expect((await bob.row(theirs)).state).toBe('left');
  await expect(bob.say(theirs, 'hello?')).rejects.toThrow(
    expect.objectContaining({ kind: 'refused' }) as Error,
  );
}, 40_000);
