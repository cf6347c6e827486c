import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRelay, type Relay } from '../../e2e/peers/nostr/relay.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { takeImage } from './disk-image.ts';
import { openSomebody, type Somebody } from './nostr-world.ts';

/** The whole way: the real core, the real lane, the MLS engine, a relay over sockets. */
let relay: Relay;
const open: Somebody[] = [];

beforeEach(async () => {
  relay = await startRelay();
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  await relay.stop();
});

const somebody = async (name: string): Promise<Somebody> => {
  const one = await openSomebody(name, [relay.url]);
  open.push(one);
  await relay.record.waitForEvent({
    kind: 30_443,
    author: one.peer.slice('nostr|'.length),
    verdict: 'accepted',
  });
  return one;
};

/** The only conversation of somebody, once there is one in this state. */
async function onlyChat(of: Somebody, state: string): Promise<ConversationId> {
  let found: ConversationId | null = null;
  await of.eventually(`a conversation that is ${state}`, async () => {
    const [row] = await of.rows();
    found = row?.state === state ? row.id : null;
    return found !== null;
  });
  if (found === null) throw new Error('none');
  return found;
}

describe('two', () => {
  test('meet as strangers, accept, and talk', async () => {
    const [alice, bob] = [await somebody('alice'), await somebody('bob')];
    const chat = await alice.chat(bob.address);
    const request = await onlyChat(bob, 'request');
    await alice.say(chat, 'hello Bob');
    await bob.accept(request);
    await bob.eventually('hello', async () => (await bob.texts(request)).includes('hello Bob'));
    await bob.say(request, 'hello Alice');
    await alice.eventually('an answer', async () => (await alice.texts(chat)).includes('hello Alice'));
    const { label } = await alice.row(chat);
    expect(label.readers.kind).toBe('members-limited');
  }, 60_000);

  test('AT-54 a disk image put back finds newer messages of its own leaf, and seals nothing more', async () => {
    const [alice, bob] = [await somebody('alice'), await somebody('bob')];
    const chat = await alice.chat(bob.address);
    const theirs = await onlyChat(bob, 'request');
    await bob.accept(theirs);
    await alice.say(chat, 'before the image');
    await bob.eventually('one', async () => (await bob.texts(theirs)).includes('before the image'));
    const { db } = alice.rig;
    const image = takeImage(db);
    await alice.say(chat, 'after the image');
    await bob.eventually('two', async () => (await bob.texts(theirs)).includes('after the image'));
    await alice.rig.core.stop();
    image.putBack();
    await alice.rig.restart();
    const status = async () => (await alice.rig.page.call('account.list', {})).rows[0]?.status;
    await alice.eventually('to be stopped', async () => {
      const now = await status();
      return now?.kind === 'needs-person' && now.why === 'clone-suspected';
    });
    const sealed = () => db.get('SELECT count(*) AS n FROM artifact');
    const before = sealed();
    await alice.say(chat, 'never sealed');
    await alice.rig.restart();
    expect(await status()).toEqual({ kind: 'needs-person', why: 'clone-suspected' });
    expect(sealed()).toEqual(before);
  }, 60_000);

  test('answer, react, take back and delete; and all of it is there after a start', async () => {
    const [alice, bob] = [await somebody('alice'), await somebody('bob')];
    const chat = await alice.chat(bob.address);
    const theirs = await onlyChat(bob, 'request');
    await bob.accept(theirs);
    const first = await alice.say(chat, 'tea or coffee?');
    await bob.eventually('the question', async () => (await bob.texts(theirs)).length === 1);
    const [question] = await bob.messages(theirs);
    if (question === undefined) throw new Error('none');
    await bob.say(theirs, { text: 'tea', ranges: [], files: [], quote: question.key });
    await alice.eventually('the answer', async () => (await alice.texts(chat)).includes('tea'));
    const answer = (await alice.messages(chat)).find(({ content }) => content?.text === 'tea');
    const own = (await alice.messages(chat)).find(({ id }) => id === first);
    expect(answer?.content?.quote).toBe(own?.key);

    const react = async (emoji: readonly string[]): Promise<void> => {
      const { labelRevision } = await bob.row(theirs);
      await bob.rig.page.call('message.react', {
        request: `react-${emoji.join()}-${Date.now()}`,
        id: question.id,
        emoji: [...emoji],
        seenLabel: labelRevision,
      });
    };
    const reactions = async () =>
      (await alice.messages(chat)).find(({ id }) => id === first)?.reactions ?? [];
    await react(['👍']);
    await alice.eventually('a reaction', async () => (await reactions()).some(({ emoji }) => emoji === '👍'));
    await react(['❤️']);
    await alice.eventually(
      'another',
      async () => (await reactions()).map(({ emoji }) => emoji).join() === '❤️',
    );
    await react([]);
    await alice.eventually('none', async () => (await reactions()).length === 0);

    await bob.rig.restart();
    await bob.online();
    await bob.say(theirs, 'still here');
    await alice.eventually('after a start', async () => (await alice.texts(chat)).includes('still here'));
    await alice.rig.page.call('message.delete', { request: 'delete-1', id: first });
    await bob.eventually('deleted', async () => !(await bob.texts(theirs)).includes('tea or coffee?'));
    await alice.say(chat, 'after all');
    await bob.eventually('the last', async () => (await bob.texts(theirs)).includes('after all'));
  }, 60_000);
});

describe('a group', () => {
  const inGroup = async (of: Somebody): Promise<ConversationId> => {
    let id: ConversationId | null = null;
    await of.eventually('the group', async () => {
      id = (await of.rows()).find(({ kind, state }) => kind === 'group' && state === 'active')?.id ?? null;
      return id !== null;
    });
    return id as unknown as ConversationId;
  };

  test('is made, grows, changes hands, is renamed, shrinks and is left', async () => {
    const people = [await somebody('alice'), await somebody('bob'), await somebody('carol')] as const;
    const [alice, bob, carol] = people;
    // Who has a chat with me is known, and joins without being asked.
    for (const one of [bob, carol]) {
      await alice.chat(one.address);
      await one.accept(await onlyChat(one, 'request'));
    }
    const group = await alice.found('Owls', [bob.peer]);
    await alice.say(group, 'first');
    const bobs = await inGroup(bob);
    await bob.eventually('first', async () => (await bob.texts(bobs)).includes('first'));
    expect((await bob.row(bobs)).title).toBe('Owls');

    await alice.change(group, { act: 'add', peers: [carol.peer] });
    const carols = await inGroup(carol);
    await alice.say(group, 'welcome Carol');
    for (const [one, id] of [
      [bob, bobs],
      [carol, carols],
    ] as const)
      await one.eventually('the welcome', async () => (await one.texts(id)).includes('welcome Carol'));
    await carol.say(carols, 'thanks');
    await bob.eventually('thanks', async () => (await bob.texts(bobs)).includes('thanks'));

    await alice.change(group, { act: 'promote', peer: bob.peer });
    await bob.eventually('my office', async () => (await bob.row(bobs)).can['rename'] === 'yes');
    await bob.change(bobs, { act: 'rename', title: 'Night owls' });
    for (const [one, id] of [
      [alice, group],
      [carol, carols],
    ] as const)
      await one.eventually('the name', async () => (await one.row(id)).title === 'Night owls');

    await alice.change(group, { act: 'leave' });
    await alice.eventually('left', async () => (await alice.row(group)).state === 'left');
    const members = async (of: Somebody, id: ConversationId) =>
      (await of.rig.page.call('group.members', { conversation: id })).rows.map(({ peer }) => peer).toSorted();
    await carol.eventually(
      'alice to be gone',
      async () => (await members(carol, carols)).join() === [bob.peer].join(),
    );
    // Whoever made the commit: she went by herself.
    for (const [one, id] of [
      [bob, bobs],
      [carol, carols],
    ] as const)
      await one.eventually('her leaving stated', async () => {
        const { rows } = await one.rig.page.call('message.page', {
          conversation: id,
          around: 'end',
          side: 'around',
          limit: 50,
        });
        const codes = rows.flatMap((row) => (row.kind === 'note' ? [row.code] : []));
        expect(codes).not.toContain('member-removed');
        return codes.includes('member-left');
      });
    await bob.change(bobs, { act: 'remove', peer: carol.peer });
    await carol.eventually('to be out', async () => (await carol.row(carols)).state === 'left');
    await bob.say(bobs, 'alone');
    await bob.eventually('sent', async () =>
      (await bob.messages(bobs)).some(
        ({ content, sending }) => content?.text === 'alone' && sending?.state === 'sent',
      ),
    );
    expect(await carol.texts(carols)).not.toContain('alone');
  }, 90_000);

  test('is left by who is no admin, and by the last one in it', async () => {
    const [alice, bob] = [await somebody('alice'), await somebody('bob')];
    await alice.chat(bob.address);
    await bob.accept(await onlyChat(bob, 'request'));
    const group = await alice.found('Owls', [bob.peer]);
    const bobs = await inGroup(bob);
    await bob.say(bobs, 'here');
    await alice.eventually('a word', async () => (await alice.texts(group)).includes('here'));
    await bob.change(bobs, { act: 'leave' });
    await bob.eventually('to have left', async () => (await bob.row(bobs)).state === 'left');
    await alice.eventually('bob to be gone', async () => {
      const { rows } = await alice.rig.page.call('group.members', { conversation: group });
      return rows.length === 0;
    });
    await alice.change(group, { act: 'leave' });
    await alice.eventually('to have left', async () => (await alice.row(group)).state === 'left');
    expect((await alice.row(group)).label.sending).toEqual((await bob.row(bobs)).label.sending);
  }, 90_000);
});
