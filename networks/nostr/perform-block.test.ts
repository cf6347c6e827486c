import { expect, test } from 'vitest';
import type { ConversationId, NetworkKey } from '../../shared/ids.ts';
import { conversationWith } from './names.ts';
import { perform } from './perform.ts';
import { receive } from './receive.ts';
import { requestsOf } from './take-wrap.ts';
import { itemOf } from './test/company.ts';
import { invitation } from './test/invitation.ts';
import { RELAY, startTrial, type Trial } from './test/trial.ts';

/** Somebody who invites me, again and again. */
async function stranger(to: Trial) {
  const from = await startTrial();
  const invite = async (): Promise<void> => {
    const event = await invitation(from, to.running);
    await receive(to.running, [{ kind: 'wrap', event, relay: RELAY }], () => undefined);
  };
  return { invite, asks: conversationWith(to.running.context.account, from.running.self.key) };
}

/** What core asks for when the person has decided. */
async function decide(of: Trial, conversation: ConversationId, op: string): Promise<void> {
  const what = { kind: 'protocol', key: op as unknown as NetworkKey, op, data: new Uint8Array() } as const;
  await perform(of.running, itemOf(op, { conversation, sentAt: 1, what }), new AbortController().signal);
}

test('a request that was blocked takes no room, and core lets go of it; nor do later ones, until the block ends', async () => {
  const bob = await startTrial();
  const { invite, asks } = await stranger(bob);
  await invite();
  await invite();
  expect(bob.state.keys('request')).toHaveLength(2);
  await decide(bob, asks, 'blocked');
  expect(bob.state.keys('request')).toEqual([]);
  expect(bob.commits.at(-1)).toMatchObject({
    inbound: [{ kind: 'consumed' }, { kind: 'consumed' }],
    outbound: [{ to: 'sent' }],
  });
  await invite();
  expect(bob.state.keys('request')).toEqual([]);
  expect(bob.commits.at(-1)).toMatchObject({ inbound: [{ kind: 'consumed' }], changes: [] });
  await decide(bob, asks, 'unblocked');
  await invite();
  expect(bob.state.keys('request')).toHaveLength(1);
});

test('the end of a block that an earlier version never heard of leaves what waits', async () => {
  const bob = await startTrial();
  const { invite, asks } = await stranger(bob);
  await invite();
  await decide(bob, asks, 'unblocked');
  expect(await requestsOf(bob.state.work(), asks)).toHaveLength(1);
});
