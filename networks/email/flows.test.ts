import { beforeEach, describe, expect, test, vi } from 'vitest';
import { peerId } from '../../shared/ids.ts';
import type { FlowAnswer, FlowStep } from '../../shared/lane/flow.ts';
import { createWork } from '../../shared/lane/work.ts';
import { readSelf } from './account-record.ts';
import { chat, check, invite, join, type Flowing } from './flows.ts';
import { createLane } from './lane.ts';
import { formatInvite, freshToken } from './secure-join/link.ts';
import { createJoinWaiters } from './secure-join/waiters.ts';
import { createLearnedKeys } from './signer.ts';
import { runFlow } from './test/lane-context.ts';
import { createTaker, type Taker } from './test/taker.ts';
import { createWriter, letterOf, sealedMail, type Writer } from './test/writer.ts';

let me: Taker;
let flowing: Flowing;
let other: Writer;
const never = new AbortController().signal;

beforeEach(async () => {
  me = await createTaker();
  flowing = flowingOf(me);
  other = await createWriter('other@example.org', 'Other');
});

function flowingOf({ core: { context } }: Taker): Flowing {
  return {
    context,
    self: () => readSelf(createWork(context.view), Date.now()),
    waiters: createJoinWaiters(),
    learned: createLearnedKeys(),
    dropCaches: () => undefined,
  };
}

async function run(steps: AsyncGenerator<FlowStep, null, FlowAnswer | undefined>, answer?: FlowAnswer) {
  const seen: FlowStep[] = [];
  let next = await steps.next();
  while (!next.done) {
    seen.push(next.value);
    next = await steps.next(next.value.kind === 'compare' ? answer : undefined);
  }
  return seen;
}
const last = async (...args: Parameters<typeof run>) => (await run(...args)).at(-1);
const fail = (times: number, why: 'conflict' | 'disk-full') => {
  let left = times;
  me.core.intercept(() => (left-- > 0 ? { ok: false, why } : null));
};
const peer = () => peerId('email', other.key.certificate.fingerprint);
const meet = async () =>
  me.take(await sealedMail(other, letterOf(other, me.address, 'hi'), [me.certificate]));
const link = (more: Partial<Parameters<typeof formatInvite>[0]> = {}) =>
  formatInvite({
    fingerprint: other.key.certificate.fingerprint,
    invite: freshToken(),
    auth: freshToken(),
    address: other.address,
    name: 'Other',
    ...more,
  });

describe('comparing', () => {
  test('shows both keys, and "yes" marks the peer as checked', async () => {
    await meet();
    const steps = await run(check(flowing, peer()), { kind: 'yes' });
    expect(steps).toMatchObject([
      {
        kind: 'compare',
        theirs: other.key.certificate.fingerprint,
        values: [
          { of: 'theirs', number: other.key.certificate.fingerprint },
          { of: 'own', number: me.certificate.fingerprint },
        ],
      },
      { kind: 'done', conversation: `account|${peer()}`, peer: peer() },
    ]);
    expect(me.core.changes().at(-1)).toMatchObject({
      kind: 'identity',
      trust: { kind: 'checked', by: 'number' },
    });
  });
  test('is of the key that took the place of another, which mail is sealed for now', async () => {
    await meet();
    const replaced = await createWriter(other.address, 'Other');
    await me.take(await sealedMail(replaced, letterOf(replaced, me.address, 'a new key'), [me.certificate]));
    const now = replaced.key.certificate.fingerprint;
    const steps = await run(check(flowing, peer()), { kind: 'yes' });
    expect(steps[0]).toMatchObject({
      kind: 'compare',
      theirs: now,
      values: [
        { of: 'theirs', number: now },
        { of: 'own', number: me.certificate.fingerprint },
      ],
    });
    expect(me.core.changes().at(-1)).toMatchObject({
      kind: 'identity',
      peer: peer(),
      was: now,
      now,
      trust: { kind: 'checked', by: 'number' },
    });
    // It stays the one that is compared, and the old one comes back by nothing of this.
    expect((await run(check(flowing, peer()), { kind: 'no' }))[0]).toMatchObject({ theirs: now });
  });

  test('"no" and silence check nobody', async () => {
    await meet();
    const before = me.core.commits.length;
    expect(await last(check(flowing, peer()), { kind: 'no' })).toEqual({
      kind: 'failed',
      why: 'numbers-differ',
    });
    expect(await last(check(flowing, peer()))).toEqual({ kind: 'failed', why: 'cancelled' });
    expect(me.core.commits).toHaveLength(before);
  });
  test('takes the code of their key, alone or in an invitation; AT-09 of a key that a server swapped checks nobody', async () => {
    await meet();
    const { fingerprint } = other.key.certificate;
    const stranger = await createWriter('other@example.org', 'Other');
    const scans = (text: string) =>
      run(check(flowing, peer()), { kind: 'code', code: new TextEncoder().encode(text) });
    for (const code of [`OPENPGP4FPR:${fingerprint}`, `openpgp4fpr:${fingerprint.toLowerCase()}`, link()])
      expect((await scans(code))[1]).toMatchObject({ kind: 'compare', matched: true });
    const before = me.core.commits.length;
    for (const [code, why] of [
      [`OPENPGP4FPR:${stranger.key.certificate.fingerprint}`, 'code-differs'],
      [link({ fingerprint: stranger.key.certificate.fingerprint }), 'code-differs'],
      [`OPENPGP4FPR:${me.certificate.fingerprint}`, 'code-own'],
      ['OPENPGP4FPR:ABCD', 'code-malformed'],
      [`${link()}&x=group&g=Cave`, 'code-of-another-kind'],
    ] as const)
      expect((await scans(code)).at(-1)).toEqual({ kind: 'failed', why });
    expect(me.core.commits).toHaveLength(before);
  });
  test('AT-09 of a server between the two: digits, words and code differ on both screens, and no code fits', async () => {
    const you = await createTaker('you@example.org');
    // Each of us gets the other's mail under a key of the server's.
    const [asYou, asMe] = [await createWriter(you.address, 'You'), await createWriter(me.address, 'Me')];
    await me.take(await sealedMail(asYou, letterOf(asYou, me.address, 'hi'), [me.certificate]));
    await you.take(await sealedMail(asMe, letterOf(asMe, you.address, 'hi'), [you.certificate]));
    const screens = [
      { of: me, shows: asYou },
      { of: you, shows: asMe },
    ].map(({ of, shows }) => ({
      of,
      answered: async (answer: FlowAnswer) =>
        run(check(flowingOf(of), peerId('email', shows.key.certificate.fingerprint)), answer),
    }));
    const seen: Extract<FlowStep, { kind: 'compare' }>[] = [];
    for (const { of, answered } of screens) {
      const before = of.core.commits.length;
      const steps = await answered({ kind: 'no' });
      if (steps[0]?.kind !== 'compare') throw new Error('nothing to compare');
      seen.push(steps[0]);
      expect(steps.at(-1)).toEqual({ kind: 'failed', why: 'numbers-differ' });
      expect(of.core.commits).toHaveLength(before);
    }
    const [mine, yours] = seen;
    if (!mine || !yours) throw new Error('two screens');
    for (const part of ['number', 'words'] as const) {
      expect(mine.values[0][part]).not.toEqual(yours.values[1]?.[part]);
      expect(yours.values[0][part]).not.toEqual(mine.values[1]?.[part]);
    }
    for (const [screen, across] of [
      [screens[0], yours],
      [screens[1], mine],
    ] as const) {
      const steps = await screen?.answered({ kind: 'code', code: across.code ?? new Uint8Array() });
      expect(steps?.at(-1)).toEqual({ kind: 'failed', why: 'code-differs' });
    }
    for (const { of } of screens)
      expect(of.core.changes().filter(({ kind }) => kind === 'identity')).toEqual([]);
  });
  test('nobody without a key can be compared', async () => {
    for (const id of [peer(), 'email|a@b.c', 'signal|x', 'nonsense'] as never[])
      expect(await last(check(flowing, id), { kind: 'yes' })).toEqual({ kind: 'failed', why: 'no-key' });
  });
  test('what cannot be committed is not checked', async () => {
    await meet();
    fail(1, 'disk-full');
    expect(await last(check(flowing, peer()), { kind: 'yes' })).toEqual({ kind: 'failed', why: 'internal' });
  });
});

describe('a conversation by address', () => {
  test('to nobody, or to myself, is refused', async () => {
    expect(await last(chat(flowing, 'nobody'))).toEqual({ kind: 'failed', why: 'address-malformed' });
    expect(await last(chat(flowing, ' ME@example.org'))).toEqual({ kind: 'failed', why: 'not-possible' });
  });
  test('with somebody known goes to their key', async () => {
    await meet();
    expect(await last(chat(flowing, other.address))).toEqual({
      kind: 'done',
      conversation: `account|${peer()}`,
      peer: peer(),
    });
    expect(me.core.changes().at(-1)).toMatchObject({
      kind: 'conversation',
      patch: { state: 'active', protocol: 'openpgp' },
    });
  });
  test('twice is one, and survives a conflict', async () => {
    fail(1, 'conflict');
    const first = await last(chat(flowing, 'friend@example.com'));
    expect(await last(chat(flowing, 'friend@example.com'))).toEqual(first);
    fail(9, 'conflict');
    expect(await last(chat(flowing, 'friend@example.com'))).toEqual({ kind: 'failed', why: 'internal' });
  });
});

describe('invitations', () => {
  test('that cannot be written down are not shown', async () => {
    fail(1, 'disk-full');
    expect(await run(invite(flowing, never))).toEqual([{ kind: 'failed', why: 'internal' }]);
    fail(1, 'disk-full');
    expect(await last(join(flowing, link(), never))).toEqual({ kind: 'failed', why: 'internal' });
  });
  test('that nobody answers end with the person’s patience', async () => {
    const stop = new AbortController();
    const running = run(join(flowing, link(), stop.signal));
    await me.core.waitUntil('asked', () => me.core.commits.some(({ enqueue }) => enqueue.length > 0));
    stop.abort();
    expect((await running).at(-1)).toEqual({ kind: 'failed', why: 'cancelled' });
  });
  test('that nobody answers end after a minute, and go on without the person', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const steps = join(flowing, link(), never);
      expect((await steps.next()).value).toEqual({ kind: 'progress', stage: 'asking' });
      const answer = steps.next();
      while (me.core.commits.length === 0) await new Promise((resolve) => setImmediate(resolve));
      await vi.advanceTimersByTimeAsync(60_000);
      expect((await answer).value).toEqual({ kind: 'failed', why: 'no-answer' });
    } finally {
      vi.useRealTimers();
    }
    expect([...me.core.cells.keys()].some((name) => name.startsWith('join'))).toBe(true);
  });
  test('that were followed before are done at once', async () => {
    const auth = freshToken();
    const followed = link({ auth });
    const first = run(join(flowing, followed, never));
    await me.core.waitUntil('asked', () => me.core.commits.some(({ enqueue }) => enqueue.length > 0));
    const work = createWork(me.core.context.view);
    const { readJoin, writeJoin } = await import('./secure-join/join-record.ts');
    const record = await readJoin(work, auth);
    if (!record) throw new Error('no record');
    writeJoin(work, { ...record, state: 'done' });
    await me.core.context.commit({
      work: work.writes(),
      changes: [],
      forecasts: [],
      inbound: [],
      outbound: [],
      enqueue: [],
    });
    flowing.waiters.settle(auth, 'c' as never, 'F' as never);
    expect((await first).at(-1)).toMatchObject({ kind: 'done' });
    expect(await last(join(flowing, followed, never))).toEqual({
      kind: 'done',
      conversation: `account|${peer()}`,
      peer: peer(),
    });
  });
});

test('a lane that does not run has no keys to give', async () => {
  await expect(createLane().exportKey?.('words')).rejects.toThrow(/does not run/);
});

test('a lane that does not run has no flows but adding an account', async () => {
  for (const start of [
    { kind: 'invite' },
    { kind: 'join', link: 'x' },
    { kind: 'chat', address: 'x' },
    { kind: 'check', peer: peer() },
  ] as const)
    expect((await runFlow(createLane(), start, me.core.context)).steps).toEqual([
      { kind: 'failed', why: 'internal' },
    ]);
});
