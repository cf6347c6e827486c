import { expect, test } from 'vitest';
import type { CommitResult } from '../../shared/lane/commit.ts';
import type { FlowStep } from '../../shared/lane/flow.ts';
import { readSignedEvent, type SignedEvent } from './event.ts';
import { pendingFanouts } from './fanout.ts';
import { chat } from './flows.ts';
import { foundGroup } from './group/found.ts';
import { groupOf } from './group/record.ts';
import { offerKeyPackage } from './key-package.ts';
import { npub } from './key-code.ts';
import { readKeyPackageEvent } from './marmot/key-package-event.ts';
import { conversationWith, peerOf } from './names.ts';
import { receive } from './receive.ts';
import type { Running } from './running.ts';
import { RELAY, startTrial, type Trial } from './test/trial.ts';
import { transact } from './turn.ts';

/** The wrap in which somebody invites somebody else to a group of the two. */
async function invitation(from: Trial, to: Running): Promise<SignedEvent> {
  const { value: offer } = await transact(to, (turn) => offerKeyPackage(turn, []));
  const read = offer && readKeyPackageEvent(offer);
  if (!offer || !read) throw new Error('no key package');
  const { key } = to.self;
  const found = { key, keyPackageEvent: offer.id, inbox: [RELAY], keyPackage: read.message };
  const conversation = conversationWith(from.running.context.account, key);
  await transact(from.running, (turn) =>
    foundGroup(turn, { conversation, direct: key, title: '', members: [found] }),
  );
  const [fanout] = await pendingFanouts(from.state.work(), from.running.context.now());
  const [, event] = JSON.parse(fanout?.operation.text ?? '[]') as readonly unknown[];
  const wrap = readSignedEvent(event);
  if (wrap === null) throw new Error('no wrap');
  return wrap;
}

async function stepsOf(flow: AsyncGenerator<FlowStep, null, undefined>): Promise<readonly FlowStep[]> {
  const steps: FlowStep[] = [];
  for await (const step of flow) steps.push(step);
  return steps;
}

test('an invitation is followed, and nothing is done that was not stored', async () => {
  let trouble: CommitResult | null = null;
  const mine = await startTrial(({ commit }) => ({
    commit: async (made) => trouble ?? commit(made),
  }));
  const { running, state } = mine;
  const theirs = await startTrial();
  const { key } = theirs.running.self;
  const wrap = await invitation(theirs, running);
  await receive(running, [{ kind: 'wrap', event: wrap, relay: RELAY }], () => undefined);
  const conversation = conversationWith(running.context.account, key);

  trouble = { ok: false, why: 'disk-full' };
  expect(await stepsOf(chat(running, npub(key)))).toEqual([
    { kind: 'progress', stage: 'asking' },
    { kind: 'failed', why: 'internal' },
  ]);
  expect(await groupOf(state.work(), conversation)).toBeNull();

  trouble = null;
  expect(await stepsOf(chat(running, npub(key)))).toEqual([
    { kind: 'progress', stage: 'asking' },
    { kind: 'done', conversation, peer: peerOf(key) },
  ]);
  expect(await groupOf(state.work(), conversation)).not.toBeNull();
});
