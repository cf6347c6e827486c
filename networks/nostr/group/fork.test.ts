import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { GroupKey } from '../../../crypto/mls/cells.ts';
import { nodeSuite } from '../../../crypto/mls/suite.ts';
import { exportOf, forgeCommit, forgerOf } from '../../../crypto/mls/test/forge.ts';
import type { ConversationId } from '../../../shared/ids.ts';
import { createWork } from '../../../shared/lane/work.ts';
import type { SignedEvent } from '../event.ts';
import { GROUP_EVENT_EXPORTER, sealGroupEvent } from '../marmot/group-event.ts';
import { conversationWith } from '../names.ts';
import { performErrand } from '../perform-change.ts';
import { itemOf, openMember, type Member } from '../test/company.ts';
import { transact } from '../turn.ts';
import { createUpkeep } from '../upkeep.ts';
import { mustRecord } from './converge.ts';
import { errandIntent } from './errand.ts';
import { groupOf, writeRecord } from './record.ts';
import { taken } from './stage.ts';
import { allStaged } from './staged.ts';

let alice: Member;
let bob: Member;
let chat: ConversationId;
let group: GroupKey;
let items = 0;

beforeEach(async () => {
  [alice, bob] = [await openMember(), await openMember()];
  chat = await alice.found(bob);
  await bob.accept(alice);
  await bob.take(await alice.sent());
  group = await placeOf(alice, chat);
});

async function placeOf(of: Member, conversation: ConversationId): Promise<GroupKey> {
  const found = await groupOf(of.state.work(), conversation);
  if (found === null) throw new Error('no group');
  return found;
}

/** A commit of Bob's with everything right about it but the state that it says it leads to. */
async function forking(): Promise<SignedEvent> {
  const work = createWork(bob.running.context.view);
  const { routing } = await mustRecord({ work }, group);
  const forger = await forgerOf({ run: (task) => task(work) }, group);
  const commit = await forgeCommit(forger, [], { confirmationTag: randomBytes(nodeSuite.kdf.size) });
  const { label, context, bytes } = GROUP_EVENT_EXPORTER;
  const key = await exportOf(forger, label, Buffer.from(context), bytes);
  return sealGroupEvent(key, routing, commit, Date.now());
}

/** New keys of somebody, as upkeep has them made: seconds after joining and then every five days. No relay takes them here. */
async function renew(of: Member): Promise<void> {
  const errand = { op: 'renew', group, keys: [] } as const;
  items += 1;
  const intent = errandIntent(errand, of.running.context.now() + items);
  await performErrand(of.running, itemOf(`errand ${items}`, intent), errand, new AbortController().signal);
}

/** What core was told last of why nothing is sent. */
const hold = (): unknown => alice.commits.flatMap(({ forecasts }) => forecasts).at(-1)?.hold;

/** What somebody has committed, and waits for a relay, has one now. */
async function takeOwn(of: Member): Promise<void> {
  await transact(of.running, async (turn) => {
    const open = (await allStaged(turn.work, group)).filter(([, { state }]) => state === 'open');
    for (const [digest] of open) await taken(turn, group, digest);
  });
}

describe('a group that fell apart stays so', () => {
  test('when my own keys are due: nothing is committed that nobody asked for', async () => {
    await alice.take([await forking()]);
    expect(hold()).toBe('fork');
    await alice.sent();
    await renew(alice);
    expect(await alice.sent()).toEqual([]);
    expect(alice.commits.at(-1)?.outbound).toMatchObject([{ to: 'cancelled' }]);
    expect(hold()).toBe('fork');
  });

  test('when a commit of mine is published that was made before, or comes back', async () => {
    for (const answer of ['accepted', 'echo']) {
      await renew(alice);
      const own = await alice.sent();
      await alice.take([await forking()]);
      await (answer === 'echo' ? alice.take(own) : takeOwn(alice));
      expect(hold(), answer).toBe('fork');
      await bob.take(own);
      await renew(bob);
      await alice.take(await bob.sent());
      expect(hold(), 'followed').toBeNull();
      await takeOwn(bob);
    }
  });

  test('when a commit comes that lost long ago', async () => {
    await renew(bob);
    const late = await bob.sent();
    for (const _ of [1, 2]) {
      await renew(alice);
      const own = await alice.sent();
      await alice.take(own);
      await bob.take(own);
    }
    await alice.take([await forking()]);
    await alice.take(late);
    expect(hold()).toBe('fork');
  });

  test('and upkeep asks for nothing there, and for new keys in others', async () => {
    await alice.take([await forking()]);
    const carol = await openMember();
    const whole = await placeOf(alice, await alice.found(carol));
    await transact(alice.running, async ({ work }) => {
      for (const one of [group, whole])
        await writeRecord(work, one, { ...(await mustRecord({ work }, one)), renewAt: 0 });
    });
    const upkeep = createUpkeep(alice.running);
    upkeep.wake();
    const due = async (one: GroupKey) => (await mustRecord({ work: alice.state.work() }, one)).renewAt === 0;
    await vi.waitFor(async () => expect(await due(whole)).toBe(false));
    upkeep.stop();
    expect(await due(group)).toBe(true);
    expect(alice.commits.flatMap(({ enqueue }) => enqueue)).toHaveLength(1);
  });
});

describe('a group that fell apart is one again', () => {
  test('once a commit of somebody else comes that leads on to where I am', async () => {
    await alice.take([await forking()]);
    await renew(bob);
    await alice.take(await bob.sent());
    expect(hold()).toBeNull();
  });

  test('in another group, once the two are started again', async () => {
    await alice.take([await forking()]);
    await alice.found(bob);
    expect(hold()).toBeNull();
    const fresh = await placeOf(alice, chat);
    expect(fresh).not.toBe(group);
    await bob.take(await alice.sent());
    expect(await placeOf(bob, conversationWith(bob.running.context.account, alice.key))).toBe(fresh);
  });
});
