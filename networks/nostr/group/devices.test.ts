import { beforeEach, expect, test } from 'vitest';
import type { Change } from '../../../shared/lane/change.ts';
import type { SignedEvent } from '../event.ts';
import { chat } from '../flows.ts';
import { npub } from '../key-code.ts';
import { sealGroupEvent } from '../marmot/group-event.ts';
import { conversationWith, peerOf } from '../names.ts';
import { receive } from '../receive.ts';
import { invitation, offerOf } from '../test/invitation.ts';
import { RELAY, startTrial, type Trial } from '../test/trial.ts';
import { transact } from '../turn.ts';
import { mustRecord } from './converge.ts';
import { eventKey } from './event-keys.ts';
import { groupOf } from './record.ts';

/** Alice and Bob in a conversation of two, and another program that has Bob's key: his second device, or somebody who stole it. */
let alice: Trial;
let bob: Trial;
let ghost: Trial;

beforeEach(async () => {
  [alice, bob] = [await startTrial(), await startTrial()];
  ghost = await startTrial(undefined, { secret: bob.running.self.secret });
  const wrap = await invitation(alice, bob.running);
  await receive(bob.running, [{ kind: 'wrap', event: wrap, relay: RELAY }], () => undefined);
  for await (const step of chat(bob.running, npub(alice.running.self.key)))
    if (step.kind === 'failed') throw new Error(step.why);
});

const chatOf = (of: Trial, other: Trial) =>
  conversationWith(of.running.context.account, other.running.self.key);

/** Takes the ghost into the group, as no program of ours would, and gives the event that says so. */
async function letIn(by: Trial, other: Trial): Promise<SignedEvent> {
  const [, { message: keyPackage }] = await offerOf(ghost.running);
  const { value } = await transact(by.running, async (turn) => {
    const { engine } = by.running;
    const group = await groupOf(turn.work, chatOf(by, other));
    if (group === null) throw new Error('no group');
    const { current } = await engine.standing(group, turn.work);
    const key = await eventKey(turn, group, current.id);
    const staged = await engine.stage(group, [{ kind: 'add', keyPackage }], turn.work, turn.now);
    if (staged.kind === 'refused') throw new Error(staged.why);
    await engine.applyPending(group, staged.digest, turn.work, turn.now);
    turn.ledger.moved.add(group);
    return sealGroupEvent(key, (await mustRecord(turn, group)).routing, staged.commit, turn.now);
  });
  return value;
}

const take = (of: Trial, event: SignedEvent) =>
  receive(of.running, [{ kind: 'group', event, relay: RELAY }], () => undefined);
const notes = ({ commits }: Trial): readonly Change[] =>
  commits.flatMap(({ changes }) => changes).filter(({ kind }) => kind === 'note');

test('AT-12 a further device of theirs is stated with the commit that lets it in, once, and stops nothing', async () => {
  expect([notes(alice), notes(bob)]).toEqual([[], []]);
  const event = await letIn(bob, alice);
  await take(alice, event);
  await take(alice, event);
  expect(notes(alice)).toEqual([
    {
      kind: 'note',
      conversation: chatOf(alice, bob),
      key: expect.stringContaining('note|new-device|'),
      code: 'new-device',
      at: expect.any(Number),
      of: [peerOf(bob.running.self.key)],
    },
  ]);
  // In the very commit that takes the new state: nothing can be sealed for it before.
  const stated = alice.commits.find(({ changes }) => changes.some(({ kind }) => kind === 'note'));
  expect(stated?.forecasts).toMatchObject([{ conversation: chatOf(alice, bob), hold: null }]);
  expect(stated?.work.some(({ key }) => key.space === 'mls-group')).toBe(true);
});

test('AT-12 a device in my own name is stated too, whoever lets it in', async () => {
  await take(bob, await letIn(alice, bob));
  expect(notes(bob)).toMatchObject([{ code: 'new-device', conversation: chatOf(bob, alice), of: ['me'] }]);
});
