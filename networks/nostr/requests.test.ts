import { expect, test } from 'vitest';
import type { EventId } from './event.ts';
import { giftWrap } from './gift-wrap.ts';
import { freshSecretKey, publicKeyOf, type PublicKey } from './keys.ts';
import { welcomeDraft } from './marmot/welcome.ts';
import type { RelayUrl } from './relay-url.ts';
import {
  allRequests,
  keepRequest,
  openInvitation,
  readRequest,
  roomFor,
  settleRequest,
  type Request,
} from './requests.ts';
import { createMemoryState } from './test/memory-view.ts';

const secret = freshSecretKey();
const own = { secret, key: publicKeyOf(secret) };
const stranger = freshSecretKey();
const welcome = {
  keyPackageEvent: 'ab'.repeat(32) as EventId,
  relays: ['wss://a.example' as RelayUrl],
  message: Uint8Array.from([0, 1, 0, 3, 9]),
};
const hex = (value: number): string => value.toString(16).padStart(64, '0');
const request = (number: number, from: string | number = 1): Request => ({
  id: hex(number) as EventId,
  from: (typeof from === 'number' ? hex(from) : from) as PublicKey,
  welcome,
  madeAt: 1,
  receivedAt: number,
});

/** Keeps requests, each in a commit of its own. */
async function keepAll(requests: readonly Request[]) {
  const state = createMemoryState();
  const answers: string[] = [];
  for (const one of requests) {
    const work = state.work();
    answers.push((await keepRequest(work, one)).kind);
    state.commit(work);
  }
  return { state, answers };
}

test('a wrap of the inbox is an invitation, something else, or nothing', () => {
  const wrap = (draft: Parameters<typeof giftWrap>[2]) => giftWrap(stranger, own.key, draft, Date.now());
  expect(openInvitation(own, wrap(welcomeDraft(welcome, 1)))).toEqual({
    kind: 'welcome',
    from: publicKeyOf(stranger),
    welcome,
    madeAt: 1,
  });
  const message = { created_at: 1, kind: 14, tags: [], content: 'a direct message' };
  expect(openInvitation(own, wrap(message))).toEqual({ kind: 'other', eventKind: 14 });
  expect(openInvitation(own, wrap({ ...message, kind: 444 }))).toEqual({ kind: 'other', eventKind: 444 });
  const others = giftWrap(stranger, publicKeyOf(stranger), message, Date.now());
  expect(openInvitation(own, others)).toEqual({ kind: 'refused', why: 'not-mine' });
});

test('requests are kept until the person decides, and known when they come again', async () => {
  const { state, answers } = await keepAll([request(1, 1), request(2, 2), request(1, 1)]);
  expect(answers).toEqual(['kept', 'kept', 'known']);
  expect(await allRequests(state.work())).toEqual([request(2, 2), request(1, 1)]);
  const work = state.work();
  await settleRequest(work, request(2).id);
  state.commit(work);
  expect(await readRequest(state.work(), request(2).id)).toBeNull();
  expect(await readRequest(state.work(), request(1).id)).toEqual(request(1));
  const again = state.work();
  expect(await keepRequest(again, request(2, 2))).toEqual({ kind: 'known' });
  expect(again.writes()).toEqual([]);
});

test('of one sender the newest three stay', async () => {
  const { state, answers } = await keepAll([1, 2, 3, 4, 5].map((number) => request(number)));
  expect(answers).toEqual(['kept', 'kept', 'kept', 'kept', 'kept']);
  expect((await allRequests(state.work())).map(({ receivedAt }) => receivedAt)).toEqual([5, 4, 3]);
});

test('AT-59 a thousand strangers do not wash away who came before, nor fill the state', async () => {
  const flood = Array.from({ length: 1_000 }, (_, at) => request(10 + at, 10 + at));
  const { state, answers } = await keepAll([request(1), ...flood, request(5_000, 1)]);
  expect(answers.filter((one) => one === 'kept')).toHaveLength(200);
  expect(answers.at(-1)).toBe('refused');
  expect(state.keys('request')).toHaveLength(200);
  expect(await readRequest(state.work(), request(1).id)).toEqual(request(1));
});

test('there is room for exactly what would be kept', async () => {
  const few = [request(1, 1), request(2, 1), request(3, 1), request(4, 2), request(5, 2), request(6, 3)];
  const others = Array.from({ length: 194 }, (_, at) => request(10 + at, 10 + at));
  for (const requests of [few, [...few, ...others]]) {
    const { state } = await keepAll(requests);
    const next = [1, 2, 3, 9_999].map((from) => request(5_000, from));
    for (const one of [...next, request(1, 1)]) {
      const kept = await keepRequest(state.work(), one);
      const asked = { kept: 'room', known: 'known', refused: 'full' } as const;
      expect(await roomFor(state.work(), one.id, one.from)).toBe(asked[kept.kind]);
    }
  }
});

test('what is too large is refused', async () => {
  const large = { ...request(1), welcome: { ...welcome, message: new Uint8Array(50_000) } };
  expect((await keepAll([large])).answers).toEqual(['refused']);
});
