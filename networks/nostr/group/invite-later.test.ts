import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startRelay, type Relay } from '../../../e2e/peers/nostr/relay.ts';
import type { GroupKey } from '../../../crypto/mls/cells.ts';
import type { ConversationId } from '../../../shared/ids.ts';
import type { SignedEvent } from '../event.ts';
import { offerKeyPackage } from '../key-package.ts';
import { peerOf } from '../names.ts';
import { performErrand } from '../perform-change.ts';
import type { RelayUrl } from '../relay-url.ts';
import { itemOf, openMember, type Member } from '../test/company.ts';
import { transact } from '../turn.ts';
import { errandIntent } from './errand.ts';
import { foundGroup } from './found.ts';
import { readRecord, writeRecord } from './record.ts';
import { stageFor } from './stage.ts';

const CHAT = 'made' as ConversationId;
const signal = new AbortController().signal;
let relay: Relay;
let alice: Member;
let group: GroupKey;
let crowd: readonly Member[];

beforeAll(async () => {
  relay = await startRelay();
});
afterAll(() => relay.stop());

/** A group of Alice's with the first of three; the others are to be invited. */
beforeEach(async () => {
  relay.limit({ maxEventBytes: 65_536 });
  const relays = [relay.url as RelayUrl];
  alice = await openMember(undefined, relays);
  crowd = await Promise.all([1, 2, 3].map(() => openMember(undefined, relays)));
  const offers: SignedEvent[] = [];
  for (const { running } of crowd) {
    const { value } = await transact(running, (turn) => offerKeyPackage(turn, []));
    if (value !== null) offers.push(value);
  }
  relay.put(offers);
  const first = await crowd[0]!.offer();
  const { value } = await transact(alice.running, (turn) =>
    foundGroup(turn, { conversation: CHAT, direct: null, title: 'Walks', members: [first] }),
  );
  if (value.kind === 'failed') throw new Error(value.failure);
  ({ group } = value);
});

const invited = () => crowd.slice(1).map(({ key }) => key);
const notAdded = () =>
  alice.commits
    .flatMap(({ changes }) => changes)
    .flatMap((one) => (one.kind === 'member' && one.act === 'removed' ? [one.peer] : []));
const run = (name = 'errand') => {
  const errand = { op: 'invite', group, keys: invited() } as const;
  return performErrand(alice.running, itemOf(name, errandIntent(errand, Date.now())), errand, signal);
};

test('whom a commit that no relay takes was to add is named', async () => {
  relay.limit({ maxEventBytes: 1_024 });
  await run();
  expect(notAdded()).toEqual(invited().map(peerOf));
});

test('whom I may not add any more is named', async () => {
  await transact(alice.running, async ({ work }) => {
    const record = await readRecord(work, group);
    if (record !== null) await writeRecord(work, group, { ...record, leaving: '' });
  });
  await run();
  expect(notAdded()).toEqual(invited().map(peerOf));
});

test('whom a commit that came too late five times was to add is named then', async () => {
  const [bob, late] = [crowd[0]!, await crowd[1]!.offer()];
  await bob.accept(alice);
  await bob.take(await alice.sent());
  const item = itemOf('errand', errandIntent({ op: 'invite', group, keys: [late.key] }, Date.now()));
  for (let race = 1; race <= 5; race += 1) {
    expect(notAdded()).toEqual([]);
    const changes = [{ kind: 'add', keyPackage: late.keyPackage }] as const;
    await transact(alice.running, (turn) =>
      stageFor(turn, group, item, { changes, added: [late], quiet: true }),
    );
    await transact(bob.running, (turn) =>
      stageFor(turn, group, itemOf(`renewal ${race}`, item.intent), { changes: [], added: [], quiet: true }),
    );
    const sent = await bob.sent();
    await bob.take(sent);
    await alice.take(sent);
  }
  expect(notAdded()).toEqual([peerOf(late.key)]);
});
