import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConversationId, NetworkKey } from '../../shared/ids.ts';
import type { Performed } from '../../shared/lane/lane.ts';
import { announce } from './announce.ts';
import { foundGroup } from './group/found.ts';
import type { Found } from './group/invitees.ts';
import { groupOf } from './group/record.ts';
import { conversationWith } from './names.ts';
import { ACCEPTED, performAccepted } from './perform-accepted.ts';
import { requestsOf } from './take-wrap.ts';
import { itemOf, type Member } from './test/company.ts';
import { offerFound, startMeeting, type Meeting } from './test/meeting.ts';
import { RELAY } from './test/trial.ts';
import { transact } from './turn.ts';

const HOUR_MS = 60 * 60_000;
const GROUP = 'made' as ConversationId;

let meeting: Meeting;

beforeEach(async () => {
  meeting = await startMeeting();
});
afterEach(() => meeting.end());

/** Somebody who can be found. */
async function member(): Promise<Member> {
  const one = await meeting.member();
  await announce(one.running);
  return one;
}

type Kind = 'direct' | 'group';

/** Asks somebody into a chat of two or a group; gives the conversation as both have it. */
async function invite(from: Member, to: Member, kind: Kind, offer: Found) {
  const direct = kind === 'direct' ? to.key : null;
  const theirs = direct === null ? GROUP : conversationWith(from.running.context.account, to.key);
  const { value } = await transact(from.running, (turn) =>
    foundGroup(turn, {
      conversation: theirs,
      direct,
      title: direct === null ? 'Walks' : '',
      members: [offer],
    }),
  );
  if (value.kind === 'failed') throw new Error(value.failure);
  await to.take(await from.sent());
  const asked = to.commits.flatMap(({ changes }) => changes).find((one) => one.kind === 'conversation');
  if (asked?.kind !== 'conversation') throw new Error('no request');
  return { group: value.group, theirs, mine: asked.id };
}

function accept(of: Member, conversation: ConversationId): Promise<Performed> {
  const what = { kind: 'protocol', key: 'key' as NetworkKey, op: ACCEPTED, data: new Uint8Array() } as const;
  return performAccepted(of.running, itemOf('accepted', { conversation, sentAt: Date.now(), what }));
}

/** The key package it was made with is gone, as after its 84 days. */
async function loseKeyPackages({ running }: Member): Promise<void> {
  await transact(running, async ({ work, now }) => {
    for (const { ref } of await running.engine.keyPackages(work, now))
      await running.engine.dropKeyPackage(ref, work);
  });
}

const lastSteps = (of: Member) =>
  of.commits.flatMap(({ outbound }) => outbound).map(({ item, to }) => [item, to]);

describe.each<Kind>(['direct', 'group'])('a request (%s)', (kind) => {
  test('that waited while I joined others with the same key package still leads in; then its secrets go', async () => {
    const [alice, bob, carol] = [await member(), await member(), await member()];
    const offer = await offerFound(alice, bob);
    const { group, theirs, mine } = await invite(alice, bob, kind, offer);
    await alice.say(theirs, 'hello Bob');
    const hello = await alice.sent();
    meeting.aheadMs = HOUR_MS;
    await bob.accept(carol);
    const chat = conversationWith(carol.running.context.account, bob.key);
    await transact(carol.running, (turn) =>
      foundGroup(turn, { conversation: chat, direct: bob.key, title: '', members: [offer] }),
    );
    await bob.take(await carol.sent());
    await announce(bob.running);
    for (const days of [2, 30]) {
      meeting.aheadMs = days * 24 * HOUR_MS;
      await announce(bob.running);
      expect(bob.state.keys('mls-key-package')).toHaveLength(2);
    }
    expect(await accept(bob, mine)).toEqual({ kind: 'done' });
    await bob.take(hello);
    expect(bob.state.keys('mls-group')).toContain(group);
    expect(bob.texts()).toEqual(['hello Bob']);
    await announce(bob.running);
    meeting.aheadMs += 25 * HOUR_MS;
    await announce(bob.running);
    expect(bob.state.keys('mls-key-package')).toHaveLength(1);
  });
});

describe('a request that nothing opens any more', () => {
  test('to a chat of two is answered with a group from me', async () => {
    const [alice, bob] = [await member(), await member()];
    const { theirs, mine } = await invite(alice, bob, 'direct', await offerFound(alice, bob));
    await alice.accept(bob);
    await loseKeyPackages(bob);
    expect(await accept(bob, mine)).toEqual({ kind: 'done' });
    expect(lastSteps(bob)).toEqual([['accepted', 'sent']]);
    await alice.take(await bob.sent());
    await bob.say(mine, 'here');
    await alice.take(await bob.sent());
    expect(alice.texts()).toEqual(['here']);
    const [one, other] = [await groupOf(alice.state.work(), theirs), await groupOf(bob.state.work(), mine)];
    expect(one).toBe(other);
  });

  test('is kept until relays answer', async () => {
    const [alice, bob] = [await meeting.member([RELAY]), await meeting.member([RELAY])];
    const { mine } = await invite(alice, bob, 'direct', await bob.offer());
    await loseKeyPackages(bob);
    expect(await accept(bob, mine)).toMatchObject({ kind: 'later' });
    expect(lastSteps(bob)).toEqual([]);
    expect(await requestsOf(bob.state.work(), mine)).toHaveLength(1);
  });

  test('to a group ends its conversation, and says so', async () => {
    const [alice, bob] = [await member(), await member()];
    const { mine } = await invite(alice, bob, 'group', await offerFound(alice, bob));
    await loseKeyPackages(bob);
    expect(await accept(bob, mine)).toEqual({ kind: 'done' });
    expect(bob.commits.at(-1)).toMatchObject({
      changes: [
        { kind: 'conversation', id: mine, patch: { state: 'left' } },
        { kind: 'member', conversation: mine, peer: 'me', act: 'removed' },
        { kind: 'note', conversation: mine, code: 'invitation-over' },
      ],
      outbound: [{ item: 'accepted', to: 'sent' }],
    });
    expect(await requestsOf(bob.state.work(), mine)).toEqual([]);
  });
});
