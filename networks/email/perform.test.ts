import { describe, expect, test } from 'vitest';
import { textOnly } from '../../shared/contract/content.ts';
import { freshId, type OutboxId } from '../../shared/ids.ts';
import type { OutboxItem } from '../../shared/lane/intent.ts';
import type { Performed } from '../../shared/lane/lane.ts';
import { newNetworkKey } from '../../shared/lane/network-key.ts';
import { createWork } from '../../shared/lane/work.ts';
import { readSelf } from './account-record.ts';
import { keyConversation } from './names.ts';
import { perform } from './perform.ts';
import { createStanding } from './standing.ts';
import type { Handover } from './submission.ts';
import { createTaker, type Taker } from './test/taker.ts';
import { createWriter, letterOf, sealedMail } from './test/writer.ts';
import { PERSON_RETRY_MS } from './tls.ts';

/** Performs a message to somebody who wrote before, where handing it over comes to this. */
async function performed(handover: Handover): Promise<{ readonly me: Taker; readonly answer: Performed }> {
  const me = await createTaker();
  const alice = await createWriter('alice@example.org', 'Alice');
  await me.take(await sealedMail(alice, letterOf(alice, me.address, 'hello'), [me.certificate]));
  const { context } = me.core;
  const standing = createStanding(context);
  standing.reading({ kind: 'online' });
  const item: OutboxItem = {
    id: freshId<OutboxId>(),
    intent: {
      conversation: keyConversation(context.account, alice.key.certificate.fingerprint),
      sentAt: Date.now(),
      what: { kind: 'content', key: newNetworkKey('email', 0), content: textOnly('hi') },
    },
    state: 'queued',
    artifacts: [],
    attempts: 0,
  };
  const performing = {
    context,
    self: () => readSelf(createWork(context.view), Date.now()),
    submission: { send: async () => handover, close: () => undefined },
    standing,
    dropCaches: () => undefined,
    random: Math.random,
  };
  const answer = await perform(performing, item, new AbortController().signal);
  standing.close();
  return { me, answer };
}

describe('what the submission server does not take', () => {
  test.each([
    ['login', 'password'],
    ['certificate', 'certificate'],
    ['no-tls', 'certificate'],
  ] as const)('needs a person, and waits for them: %s', async (why, needed) => {
    const before = Date.now();
    const { me, answer } = await performed({ kind: 'later', why });
    expect(me.core.statuses.at(-1)).toEqual({ kind: 'needs-person', why: needed });
    expect(answer).toMatchObject({ kind: 'later', unwritten: true });
    expect(answer.kind === 'later' && answer.retryAt).toBeGreaterThanOrEqual(before + PERSON_RETRY_MS);
  });

  test.each(['unreachable', 'busy', 'protocol'] as const)('passes by itself: %s', async (why) => {
    const { me, answer } = await performed({ kind: 'later', why });
    expect(me.core.statuses.at(-1)).toEqual({ kind: 'online' });
    expect(answer).toMatchObject({ kind: 'later', unwritten: true });
    expect(answer.kind === 'later' && answer.retryAt).toBeLessThan(Date.now() + PERSON_RETRY_MS / 2);
  });
});

test('what may have been taken is not said to be unwritten', async () => {
  const { answer } = await performed({ kind: 'ambiguous' });
  expect(answer).toEqual({ kind: 'later', retryAt: expect.any(Number) });
});
