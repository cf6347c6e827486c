import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRelay, type Relay } from '../../../e2e/peers/nostr/relay.ts';
import type { ConversationId, NetworkKey } from '../../../shared/ids.ts';
import type { SignedEvent } from '../event.ts';
import { offerKeyPackage } from '../key-package.ts';
import { peerOf } from '../names.ts';
import { performErrand, performGroup } from '../perform-change.ts';
import type { RelayUrl } from '../relay-url.ts';
import { itemOf, openMember, type Member } from '../test/company.ts';
import { transact } from '../turn.ts';
import { readErrand } from './errand.ts';
import { groupOf } from './record.ts';
import { faceNow } from './view.ts';

/** More than one commit adds. */
const MANY = 46;
/** More than any group of this profile has: the welcome of the last one would be too large. It takes seconds, so it is asked for. */
const TOO_MANY = 88;
const isLarge = process.env['MLS_LARGE'] === '1';
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
  for (let n = 0; n < (isLarge ? TOO_MANY : MANY); n += 1) {
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
  expect(await members()).toHaveLength(41);
  await workOff();
  const told = alice.commits
    .flatMap(({ changes }) => changes)
    .flatMap((one) => (one.kind === 'member' && one.act === 'removed' ? [one.peer] : []));
  return { group, members: await members(), told };
}

test('many are added commit by commit, or named where a welcome would be too large for relays', async () => {
  const { group, members, told } = await foundAll();
  const missing = crowd.filter(({ key }) => !members.includes(key));
  expect(told.toSorted()).toEqual(missing.map(({ key }) => peerOf(key)).toSorted());
  expect(missing.length > 0).toBe(isLarge);
  expect(members.length).toBeGreaterThan(isLarge ? 80 : MANY);
  // Who is in gets in: by the first welcome, and by the last.
  const wraps = (await alice.sent()).filter(({ kind }) => kind === 1059);
  expect(wraps).toHaveLength(members.length - 1);
  const [first, ...others] = crowd.filter(({ key }) => members.includes(key));
  for (const one of [first!, others.at(-1)!]) {
    await one.accept(alice);
    await one.take(wraps.filter(({ tags }) => tags[0]?.[1] === one.key));
    expect(one.state.keys('mls-group')).toEqual([group]);
  }
}, 60_000);
