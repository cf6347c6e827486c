import { afterEach, beforeEach, expect, test } from 'vitest';
import { startRelay, type Relay } from '../../e2e/peers/nostr/relay.ts';
import { TOLD_SPACES } from '../../networks/nostr/group/past.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { openSomebody, type Somebody } from './nostr-world.ts';
import { request } from './rig.ts';

/** An account on Nostr that goes on in a restored profile: the real core, the real lane, a relay over sockets. */
let relay: Relay;
const open: Somebody[] = [];
beforeEach(async () => {
  relay = await startRelay();
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  await relay.stop();
});

async function somebody(name: string, copyOf?: Somebody): Promise<Somebody> {
  const one = await openSomebody(name, [relay.url], copyOf);
  open.push(one);
  if (!copyOf) await offered(one, 1);
  return one;
}
/** Resolves once so many key packages of somebody are at the relay, each in a place of its own. */
const offered = (of: Somebody, count: number) =>
  of.eventually('key packages', () => offersOf(of).length >= count);
const offersOf = (of: Somebody): readonly string[] => [
  ...new Set(
    relay.record
      .events()
      .filter(({ event }) => event.kind === 30_443 && of.peer === `nostr|${event.pubkey}`)
      .map(({ event }) => event.tags.find(([name]) => name === 'd')?.[1] ?? ''),
  ),
];
const says = async (of: Somebody, chat: ConversationId, text: string): Promise<void> => {
  await of.eventually(text, async () => (await of.texts(chat)).includes(text));
};
const status = async ({ rig }: Somebody) => (await rig.page.call('account.list', {})).rows[0]?.status;
/** Values of the cells of MLS, and of all that seals or opens but the account's key. */
const secrets = ({ rig }: Somebody): readonly string[] =>
  rig.db
    .all<{ readonly value: Uint8Array }>(
      'SELECT value FROM lane_state WHERE space NOT IN (SELECT value FROM json_each(?))',
      JSON.stringify(TOLD_SPACES),
    )
    .map(({ value }) => Buffer.from(value).toString('hex'));

test('AT-54 a restored profile goes on with new leaves only: chats of two start over, groups take it back, in their places', async () => {
  const [alice, bob] = [await somebody('alice'), await somebody('bob')];
  const chat = await alice.chat(bob.address);
  const bobs = await bob.conversation('asked', ({ state }) => state === 'request');
  await bob.accept(bobs);
  await alice.say(chat, 'hello Bob');
  await says(bob, bobs, 'hello Bob');
  // A group of Bob's, and one that Alice has made with him as an admin.
  const owls = await bob.found('Owls', [alice.peer]);
  const inOwls = await alice.conversation(
    'in Owls',
    ({ title, state }) => title === 'Owls' && state === 'active',
  );
  await bob.say(owls, 'hoo');
  await says(alice, inOwls, 'hoo');
  const bees = await alice.found('Bees', [bob.peer]);
  const inBees = await bob.conversation(
    'in Bees',
    ({ title, state }) => title === 'Bees' && state === 'active',
  );
  await alice.change(bees, { act: 'promote', peer: bob.peer });
  await bob.eventually('an admin', async () => (await bob.row(inBees)).can['add-member'] === 'yes');
  const before = new Set(secrets(alice));
  expect(before.size).toBeGreaterThan(10);

  const again = await somebody('alice again', alice);
  // What it was restored from is gone: of two that run each offers a key package, and an admin takes the newest.
  open.splice(open.indexOf(alice), 1);
  await alice.close();
  expect(await status(again)).toEqual({ kind: 'needs-person', why: 'clone-suspected' });
  expect(await again.texts(chat)).toEqual(['hello Bob']);
  for (const { label } of await again.rows())
    expect(label.sending).toEqual({ ok: false, why: 'clone-suspected' });

  await again.rig.page.call('account.go-on', { request: request(), account: again.account });
  expect(again.rig.shell.asked.at(-1)?.kind).toBe('begin-anew');
  await again.online();
  await offered(again, 2);
  expect(secrets(again).filter((value) => before.has(value))).toEqual([]);
  for (const group of [inOwls, bees]) expect((await again.row(group)).state).toBe('left');

  // A chat of two has another group as soon as something is said, in the same place on both sides.
  await again.say(chat, 'from the copy');
  await says(bob, bobs, 'from the copy');
  await bob.say(bobs, 'welcome back');
  await says(again, chat, 'welcome back');
  expect(await again.texts(chat)).toEqual(['hello Bob', 'from the copy', 'welcome back']);

  // An admin takes the old leaf out and the new one in.
  for (const [there, here, title, word] of [
    [owls, inOwls, 'Owls', 'hoo again'],
    [inBees, bees, 'Bees', 'bzz again'],
  ] as const) {
    await bob.change(there, { act: 'remove', peer: again.peer });
    await bob.eventually('taken out', async () => {
      const { rows } = await bob.rig.page.call('group.members', { conversation: there });
      return rows.length === 0;
    });
    await bob.change(there, { act: 'add', peers: [again.peer] });
    await again.eventually('back in', async () => (await again.row(here)).state === 'active');
    expect((await again.row(here)).title).toBe(title);
    await bob.say(there, word);
    await says(again, here, word);
    await again.say(here, `${title}, thanks`);
    await says(bob, there, `${title}, thanks`);
  }
  expect(await again.texts(inOwls)).toContain('hoo');
  expect((await again.rows()).length).toBe(3);
  expect(again.setAside()).toEqual([]);
}, 90_000);
