import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startRelay, type Relay } from '../../e2e/peers/nostr/relay.ts';
import { signEvent } from '../../networks/nostr/event.ts';
import { giftWrap } from '../../networks/nostr/gift-wrap.ts';
import { readKeyCode } from '../../networks/nostr/key-code.ts';
import { freshSecretKey } from '../../networks/nostr/keys.ts';
import { welcomeDraft } from '../../networks/nostr/marmot/welcome.ts';
import type { EventId } from '../../networks/nostr/event.ts';
import type { PublicKey } from '../../networks/nostr/keys.ts';
import type { RelayUrl } from '../../networks/nostr/relay-url.ts';
import { freshId, type ConversationId, type NetworkKey, type OutboxId } from '../../shared/ids.ts';
import { addIntent } from '../../storage/outbox.ts';
import { MAX_REQUESTS } from '../../storage/strangers.ts';
import { openSomebody, type Somebody } from './nostr-world.ts';

/** What others may send without being asked, and what comes of it. */
let relay: Relay;
const open: Somebody[] = [];

beforeEach(async () => {
  relay = await startRelay();
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  await relay.stop();
});

const keyOf = (of: Somebody): PublicKey => {
  const code = readKeyCode(of.address);
  if (code?.kind !== 'npub') throw new Error('no key');
  return code.key;
};
const somebody = async (name: string): Promise<Somebody> => {
  const one = await openSomebody(name, [relay.url]);
  open.push(one);
  await relay.record.waitForEvent({ kind: 30_443, author: keyOf(one), verdict: 'accepted' });
  return one;
};
const requestOf = async (of: Somebody): Promise<ConversationId> => {
  await of.eventually('a request', async () => (await of.rows()).some(({ state }) => state === 'request'));
  const found = (await of.rows()).find(({ state }) => state === 'request');
  if (found === undefined) throw new Error('none');
  return found.id;
};
const cells = (of: Somebody, space: string): number =>
  of.rig.db.get<{ readonly n: number }>('SELECT count(*) AS n FROM lane_state WHERE space = ?', space)?.n ??
  0;
const now = (): number => Math.floor(Date.now() / 1000);

describe('a stranger', () => {
  test('ABU-3 who invites is a request: nothing is joined, fetched or answered before it is accepted', async () => {
    const [alice, bob] = [await somebody('alice'), await somebody('bob')];
    await alice.chat(bob.address);
    const request = await requestOf(bob);
    await alice.say((await alice.rows())[0]?.id ?? request, 'are you there?');
    await relay.record.waitForEvent({ kind: 445 });
    // Bob has joined nothing and asked for no group.
    expect(cells(bob, 'mls-group')).toBe(0);
    const asked = relay.record
      .frames()
      .filter(({ text }) => text.startsWith('["REQ"') && text.includes('[445]'));
    const wrote = relay.record.events().filter(({ event }) => event.kind === 445).length;
    expect([asked.length, wrote]).toEqual([1, 1]);
    await expect(bob.say(request, 'no')).rejects.toMatchObject({ kind: 'refused' });
    await bob.accept(request);
    await bob.eventually('the message', async () => (await bob.texts(request)).includes('are you there?'));
  }, 60_000);

  test('is blocked, and nothing more is heard', async () => {
    const [alice, bob] = [await somebody('alice'), await somebody('bob')];
    const chat = await alice.chat(bob.address);
    const request = await requestOf(bob);
    await bob.rig.page.call('conversation.block', { request: 'block-the-stranger', conversation: request });
    await alice.say(chat, 'hello?');
    await alice.eventually('sent', async () => (await alice.messages(chat))[0]?.sending?.state === 'sent');
    expect((await bob.row(request)).state).toBe('blocked');
    expect(cells(bob, 'mls-group')).toBe(0);
    // Their invitation takes no place among those that wait any more.
    await bob.eventually('no request', async () => cells(bob, 'request') === 0);
  }, 60_000);

  test('AT-31 sends hundreds of invitations that are none: nothing freezes, and little is kept', async () => {
    const [alice, bob] = [await somebody('alice'), await somebody('bob')];
    const junk = Array.from({ length: 400 }, () => {
      const welcome = {
        keyPackageEvent: randomBytes(32).toString('hex') as EventId,
        relays: [relay.url as RelayUrl],
        message: Buffer.concat([Buffer.from([0, 1, 0, 3]), randomBytes(600)]),
      };
      return giftWrap(freshSecretKey(), keyOf(bob), welcomeDraft(welcome, now()), Date.now());
    });
    const started = Date.now();
    relay.put(junk);
    const chat = await alice.chat(bob.address);
    const request = await requestOf(bob);
    await bob.accept(request);
    await alice.say(chat, 'through');
    await bob.eventually('the message', async () => (await bob.texts(request)).includes('through'));
    expect(Date.now() - started).toBeLessThan(20_000);
    expect(cells(bob, 'request')).toBe(0);
    expect(await bob.rows()).toHaveLength(1);
  }, 60_000);
});

test('AT-59 who invites when too many wait already is not kept; the account says so, and the others stay', async () => {
  const [alice, bob] = [await somebody('alice'), await somebody('bob')];
  bob.rig.db.transaction(() => {
    for (let at = 0; at < MAX_REQUESTS; at += 1)
      bob.rig.db.run(
        `INSERT INTO conversation (id, account, network, protocol, kind, state, last_at)
         VALUES (?, ?, 'nostr', 'mls', 'direct', 'request', 1)`,
        `request-${at}`,
        bob.account,
      );
  });
  await alice.chat(bob.address);
  const accounts = async () => (await bob.rig.page.call('account.list', {})).rows;
  await bob.eventually('a count', async () => (await accounts())[0]?.notKept === 1);
  const count = (of: string) => bob.rig.db.get<{ readonly n: number }>(`SELECT count(*) AS n FROM ${of}`)?.n;
  expect(count('conversation')).toBe(MAX_REQUESTS);
  expect([cells(bob, 'request'), count('inbound WHERE raw IS NOT NULL')]).toEqual([0, 0]);
}, 60_000);

describe('anybody', () => {
  test('AT-03 writes garbage and clear text to the name of a group: it is kept within bounds, and the group goes on', async () => {
    const [alice, bob] = [await somebody('alice'), await somebody('bob')];
    const chat = await alice.chat(bob.address);
    const theirs = await requestOf(bob);
    await bob.accept(theirs);
    await alice.say(chat, 'one');
    await bob.eventually('one', async () => (await bob.texts(theirs)).includes('one'));
    const sent = await relay.record.waitForEvent({ kind: 445 });
    const [tag] = sent.event.tags;
    relay.put(
      Array.from({ length: 260 }, () =>
        signEvent(
          {
            created_at: now(),
            kind: 445,
            tags: [tag ?? []],
            content: randomBytes(200).toString('base64'),
          },
          freshSecretKey(),
        ),
      ),
    );
    // A thing that is no base64, and one with a tag too many.
    relay.put([
      signEvent({ created_at: now(), kind: 445, tags: [tag ?? []], content: '???' }, freshSecretKey()),
      signEvent(
        { created_at: now(), kind: 445, tags: [tag ?? [], ['x', 'y']], content: 'AAAA' },
        freshSecretKey(),
      ),
    ]);
    // Clear text in the place of what is sealed, and the older kinds of messages that were never sealed.
    const clear = (kind: number, tags: readonly (readonly string[])[], content: string) =>
      signEvent({ created_at: now(), kind, tags, content }, freshSecretKey());
    const toBob = [['p', keyOf(bob)]];
    relay.put([
      clear(445, [tag ?? []], Buffer.from('{"kind":9,"content":"in the clear"}').toString('base64')),
      clear(445, [tag ?? []], 'in the clear'),
      ...[1, 4, 9, 14, 1059].map((kind) => clear(kind, toBob, 'in the clear')),
    ]);
    await alice.say(chat, 'two');
    await bob.eventually('two', async () => (await bob.texts(theirs)).includes('two'));
    await bob.eventually('what is kept', () => cells(bob, 'deferred') === 200);
    await bob.rig.restart();
    await bob.online();
    await alice.say(chat, 'three');
    await bob.eventually('three', async () => (await bob.texts(theirs)).includes('three'));
    expect(await bob.texts(theirs)).toEqual(['one', 'two', 'three']);
    expect((await bob.row(theirs)).label.sending).toEqual({ ok: true });
  }, 60_000);

  test('hands on an invitation that is somebody else’s: it is not taken', async () => {
    const [alice, bob, carol] = [await somebody('alice'), await somebody('bob'), await somebody('carol')];
    await alice.chat(bob.address);
    const request = await requestOf(bob);
    const kept = bob.rig.db.get<{ readonly raw: Uint8Array }>(
      "SELECT raw FROM inbound WHERE outcome = 'parked'",
    );
    if (kept === undefined) throw new Error('nothing parked');
    const welcome = {
      keyPackageEvent: 'ab'.repeat(32) as EventId,
      relays: [relay.url as RelayUrl],
      message: kept.raw,
    };
    relay.put([giftWrap(freshSecretKey(), keyOf(bob), welcomeDraft(welcome, now()), Date.now())]);
    await carol.chat(bob.address);
    await bob.eventually('two requests', async () => (await bob.rows()).length === 2);
    expect((await bob.rows()).map(({ peer }) => peer ?? '').toSorted()).toEqual(
      [alice.peer, carol.peer].toSorted(),
    );
    expect((await bob.row(request)).peer).toBe(alice.peer);
  }, 60_000);
});

describe('a conversation of two', () => {
  test('AT-04 with somebody whose key packages are gone goes on sealed; a new one with them is not made', async () => {
    const [alice, bob, carol] = [await somebody('alice'), await somebody('bob'), await somebody('carol')];
    const chat = await alice.chat(bob.address);
    const theirs = await requestOf(bob);
    await bob.accept(theirs);
    await alice.say(chat, 'one');
    await bob.eventually('one', async () => (await bob.texts(theirs)).includes('one'));
    relay.forget();
    relay.record.clear();
    await alice.say(chat, 'two');
    await bob.eventually('two', async () => (await bob.texts(theirs)).includes('two'));
    expect(new Set(relay.record.events().map(({ event }) => event.kind))).toEqual(new Set([445]));
    expect(await alice.flow({ kind: 'chat', address: carol.address })).toMatchObject({
      kind: 'failed',
      why: 'no-key',
    });
    expect(await alice.rows()).toHaveLength(1);
    expect(new Set(relay.record.events().map(({ event }) => event.kind))).toEqual(new Set([445]));
  }, 60_000);

  test('AT-07 into which the other side takes a third is one no more: nothing that is written to one goes to two', async () => {
    const [alice, bob, carol] = [await somebody('alice'), await somebody('bob'), await somebody('carol')];
    const chat = await alice.chat(bob.address);
    const theirs = await requestOf(bob);
    await bob.accept(theirs);
    await alice.say(chat, 'only you');
    await bob.eventually('one', async () => (await bob.texts(theirs)).includes('only you'));
    // Core lets nobody do that in a conversation of two; another program may.
    const change = { act: 'add', peers: [carol.peer] } as const;
    await expect(bob.change(theirs, change)).rejects.toMatchObject({ kind: 'refused' });
    const { label } = await bob.row(theirs);
    bob.rig.db.transaction(() =>
      addIntent(bob.rig.db, {
        id: freshId<OutboxId>(),
        account: bob.account,
        message: null,
        intent: { conversation: theirs, sentAt: 1, what: { kind: 'group', key: 'k' as NetworkKey, change } },
        seenLabel: label,
        hold: null,
      }),
    );
    await bob.accept(theirs);
    await alice.eventually('a group', async () => (await alice.rows()).some(({ kind }) => kind === 'group'));
    await carol.eventually('a request', async () => (await carol.rows()).length === 1);
    const [carols] = await carol.rows();
    if (carols === undefined) throw new Error('none');
    await carol.accept(carols.id);
    await alice.say(chat, 'still only you');
    await alice.eventually('sent', async () =>
      (await alice.messages(chat)).every(({ sending }) => sending?.state === 'sent'),
    );
    await bob.eventually('the message', async () => (await bob.texts(theirs)).includes('still only you'));
    const group = (await alice.rows()).find(({ kind }) => kind === 'group');
    await alice.say(group?.id ?? chat, 'all three');
    await carol.eventually('all three', async () => (await carol.texts(carols.id)).includes('all three'));
    expect(await carol.texts(carols.id)).toEqual(['all three']);
  }, 60_000);
});
