import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRelay, type Relay } from '../../../e2e/peers/nostr/relay.ts';
import type { ConversationId, NetworkKey } from '../../../shared/ids.ts';
import { MAX_GROUP_PEERS } from '../../../shared/lane/intent.ts';
import { createFanoutLoop } from '../fanout-loop.ts';
import type { SignedEvent } from '../event.ts';
import { offerKeyPackage } from '../key-package.ts';
import { peerOf } from '../names.ts';
import { performErrand, performGroup } from '../perform-change.ts';
import type { RelayUrl } from '../relay-url.ts';
import { itemOf, openMember, type Member } from '../test/company.ts';
import { transact } from '../turn.ts';
import { readErrand } from './errand.ts';
import { MAX_FOUNDING } from './found.ts';
import { groupOf } from './record.ts';
import { faceNow } from './view.ts';

/** More than core asks for, and more than any group of this profile has: the welcome of the last one would be too large. */
const TOO_MANY = 64;
const CHAT = 'made' as ConversationId;
const signal = new AbortController().signal;

let relay: Relay;
let alice: Member;
const crowd: Member[] = [];

beforeAll(async () => {
  relay = await startRelay();
  const relays = [relay.url as RelayUrl];
  alice = await openMember(undefined, relays);
  const offers: SignedEvent[] = [];
  for (let n = 0; n < TOO_MANY; n += 1) {
    const one = await openMember(undefined, relays);
    crowd.push(one);
    const { value } = await transact(one.running, (turn) => offerKeyPackage(turn, []));
    if (value !== null) offers.push(value);
  }
  relay.put(offers);
}, 30_000);
afterAll(async () => {
  alice.running.pool.close();
  await relay.stop();
});

/** Does what a commit has put into the outbox, one after the other. */
async function workOff(): Promise<void> {
  for (let done = 0; ; done += 1) {
    const intent = alice.commits.flatMap(({ enqueue }) => enqueue)[done];
    if (intent === undefined) return;
    const errand = intent.what.kind === 'protocol' ? readErrand(intent.what) : null;
    if (errand !== null) await performErrand(alice.running, itemOf(`errand ${done}`, intent), errand, signal);
  }
}

/** Makes a group of all of them; gives who is in it, and of whom core was told that they will not be. */
async function foundAll() {
  const change = { act: 'create', title: 'Everybody', members: crowd.map(({ key }) => peerOf(key)) } as const;
  const what = { kind: 'group', key: 'key' as NetworkKey, change } as const;
  const item = itemOf('item', { conversation: CHAT, sentAt: Date.now(), what });
  await performGroup(alice.running, item, change, signal);
  const group = await groupOf(alice.state.work(), CHAT);
  if (group === null) throw new Error('no group');
  const members = async () =>
    (await faceNow({ running: alice.running, work: alice.state.work() }, group)).members;
  expect(await members()).toHaveLength(MAX_FOUNDING + 1);
  await workOff();
  const told = alice.commits
    .flatMap(({ changes }) => changes)
    .flatMap((one) => (one.kind === 'member' && one.act === 'removed' ? [one.peer] : []));
  return { group, members: await members(), told };
}

test('many are added commit by commit; who is in has an invitation at a relay, and who is not is named', async () => {
  const { group, members, told } = await foundAll();
  const missing = crowd.filter(({ key }) => !members.includes(key));
  expect(told.toSorted()).toEqual(missing.map(({ key }) => peerOf(key)).toSorted());
  expect(missing.length).toBeGreaterThan(0);
  expect(members.length).toBeGreaterThan(MAX_GROUP_PEERS);
  const wraps = (await alice.sent()).filter(({ kind }) => kind === 1059);
  const fanouts = createFanoutLoop(alice.running);
  fanouts.wake();
  await expect.poll(() => alice.state.keys('fanout'), { timeout: 20_000 }).toEqual([]);
  fanouts.stop();
  const invited = relay.stored().flatMap(({ kind, tags }) => (kind === 1059 ? [tags[0]?.[1]] : []));
  const others = crowd.filter(({ key }) => members.includes(key));
  expect(invited).toHaveLength(others.length);
  expect(new Set(invited)).toEqual(new Set(others.map(({ key }) => key)));
  // Who is in gets in: by the first welcome, and by the last.
  for (const one of [others[0]!, others.at(-1)!]) {
    await one.accept(alice);
    await one.take(wraps.filter(({ tags }) => tags[0]?.[1] === one.key));
    expect(one.state.keys('mls-group')).toEqual([group]);
  }
}, 60_000);
