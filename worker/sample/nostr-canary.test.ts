import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { containsWord } from '../../e2e/peers/canary.ts';
import { startRelay, type Relay } from '../../e2e/peers/nostr/relay.ts';
import { signEvent } from '../../networks/nostr/event.ts';
import type * as GroupEvents from '../../networks/nostr/marmot/group-event.ts';
import { freshSecretKey } from '../../networks/nostr/keys.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { openSomebody, type Somebody } from './nostr-world.ts';
import { request } from './rig.ts';

/** Words that stand nowhere but in what is sealed. Nothing of them is public by choice: Plainseal publishes no profile (kind 0). */
const canaries = {
  myName: 'canary-my-name-81',
  theirName: 'canary-their-name-82',
  calledByMe: 'canary-called-by-me-83',
  text: 'canary-text-84',
  answer: 'canary-answer-85',
  title: 'canary-group-title-86',
  renamed: 'canary-renamed-87',
  leaked: 'canary-leaked-88',
} as const;

type Seal = typeof GroupEvents.sealGroupEvent;
type Leak = (event: ReturnType<Seal>) => ReturnType<Seal>;

/** What the tests put in the place of the lane's own: nothing, until a test says so. */
const injected = vi.hoisted(() => ({ guardOff: false, leak: null as Leak | null }));

vi.mock(import('../../networks/nostr/guard.ts'), async (original) => {
  const real = await original();
  const waved = new WeakSet<object>();
  return {
    ...real,
    isPassed: (value) => waved.has(value) || real.isPassed(value),
    guard: (operation) => {
      if (!injected.guardOff || operation.kind !== 'group-message') return real.guard(operation);
      const { id } = (JSON.parse(operation.text) as [string, { readonly id: string }])[1];
      const frame = { text: operation.text, event: id, identity: 'nobody', relay: null } as never;
      waved.add(frame);
      return { kind: 'pass', frame };
    },
  };
});
vi.mock(import('../../networks/nostr/marmot/group-event.ts'), async (original) => {
  const real = await original();
  return {
    ...real,
    sealGroupEvent: (...args) => {
      const event = real.sealGroupEvent(...args);
      return injected.leak === null ? event : injected.leak(event);
    },
  };
});

let relay: Relay;
let alice: Somebody;
let bob: Somebody;
let chat: ConversationId;

beforeAll(async () => {
  relay = await startRelay();
  [alice, bob] = await Promise.all([
    openSomebody(canaries.myName, [relay.url]),
    openSomebody(canaries.theirName, [relay.url]),
  ]);
  await relay.record.waitForEvent({ kind: 30_443, author: bob.peer.slice('nostr|'.length) });
  chat = await alice.chat(bob.address);
  await bob.accept(await bob.conversation('a request', ({ state }) => state === 'request'));
}, 60_000);
afterAll(async () => {
  await alice?.close();
  await bob?.close();
  await relay?.stop();
});
afterEach(() => {
  injected.guardOff = false;
  injected.leak = null;
});

/** The canaries in what the relay was sent since it began, by both of us: every frame, whatever it was. */
function escaped(): readonly string[] {
  const frames = relay.record.frames().map(({ text }) => Buffer.from(text));
  return Object.entries(canaries)
    .filter(([, word]) => frames.some((frame) => containsWord(frame, word)))
    .map(([name]) => name);
}

test('nothing of what is said, and of what anybody or anything is called, reaches a relay but inside ciphertext', async () => {
  const called = { request: request(), peer: bob.peer, account: alice.account, name: canaries.calledByMe };
  await alice.rig.page.call('peer.name', called);
  const said = await alice.say(chat, canaries.text);
  const theirs = await bob.conversation('mine', ({ state }) => state === 'active');
  await bob.eventually('the text', async () => (await bob.texts(theirs)).includes(canaries.text));
  const [question] = await bob.messages(theirs);
  await bob.say(theirs, { text: canaries.answer, ranges: [], files: [], quote: question!.key });
  await alice.eventually('the answer', async () => (await alice.texts(chat)).includes(canaries.answer));
  const { labelRevision: seenLabel } = await alice.row(chat);
  const last = (await alice.messages(chat)).at(-1)!;
  await alice.rig.page.call('message.react', { request: request(), id: last.id, emoji: ['👍'], seenLabel });
  await alice.rig.page.call('message.delete', { request: request(), id: said });
  await bob.eventually('deleted', async () => !(await bob.texts(theirs)).includes(canaries.text));
  const group = await alice.found(canaries.title, [bob.peer]);
  const isMine = ({ kind, state }: { readonly kind: string; readonly state: string }): boolean =>
    kind === 'group' && state === 'active';
  const there = await bob.conversation('the group', isMine);
  await alice.change(group, { act: 'rename', title: canaries.renamed });
  await bob.eventually('the new name', async () => (await bob.row(there)).title === canaries.renamed);
  expect(relay.record.frames().length).toBeGreaterThan(0);
  expect(escaped()).toEqual([]);
}, 60_000);

describe('a builder that leaks', () => {
  /** The same event made otherwise, signed as it should be. */
  const anew = (event: ReturnType<Seal>, change: Partial<ReturnType<Seal>>): ReturnType<Seal> => {
    const { kind, created_at, tags, content } = { ...event, ...change };
    return signEvent({ kind, created_at, tags, content }, freshSecretKey());
  };
  const leaks: readonly [what: string, leak: Leak][] = [
    ['a title in a tag', (event) => anew(event, { tags: [...event.tags, ['subject', canaries.leaked]] })],
    [
      'the text in the place of the ciphertext',
      (event) => anew(event, { content: canaries.leaked.repeat(9) }),
    ],
    [
      'the text in base64 in the place of the ciphertext',
      (event) => anew(event, { content: Buffer.from(canaries.leaked.repeat(9)).toString('base64') }),
    ],
    ['an open message of another kind', (event) => anew(event, { kind: 9, content: canaries.leaked })],
  ];

  test.each(leaks)('%s: is stopped by the guard', async (_what, leak) => {
    injected.leak = leak;
    const id = await alice.say(chat, 'held');
    await alice.eventually('held', async () =>
      (await alice.messages(chat)).some((row) => row.id === id && row.sending?.state === 'held'),
    );
    expect(escaped()).toEqual([]);
  });

  // The record keeps what came before: this comes last.
  test.each(leaks)('%s: is found at the relay with the guard off', async (_what, leak) => {
    relay.record.clear();
    injected.leak = leak;
    injected.guardOff = true;
    const group = await alice.found('Another group', [bob.peer]);
    await alice.say(group, 'leaks');
    await alice.eventually('it left', () => escaped().length > 0);
    expect(escaped()).toEqual(['leaked']);
  });
});
