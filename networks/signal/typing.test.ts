import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ConversationId } from '../../shared/ids.ts';
import { createTyping, TYPING_FOR_MS } from './typing.ts';

const [A, B] = ['a', 'b'] as unknown as readonly [ConversationId, ConversationId];
let told: string[];
const create = () => createTyping({ typing: (conversation, on) => void told.push(`${conversation} ${on}`) });

beforeEach(() => {
  told = [];
  vi.useFakeTimers();
});
afterEach(() => vi.useRealTimers());

it('ends by itself when nobody says that it goes on', () => {
  const typing = create();
  typing.started(A);
  vi.advanceTimersByTime(TYPING_FOR_MS - 1);
  typing.started(A);
  typing.started(B);
  vi.advanceTimersByTime(TYPING_FOR_MS - 1);
  expect(told).toEqual(['a true', 'b true']);
  vi.advanceTimersByTime(1);
  expect(told).toEqual(['a true', 'b true', 'a false', 'b false']);
});

it('ends when it is said, once', () => {
  const typing = create();
  typing.stopped(A);
  typing.started(A);
  typing.stopped(A);
  typing.stopped(A);
  vi.advanceTimersByTime(2 * TYPING_FOR_MS);
  expect(told).toEqual(['a true', 'a false']);
});

it('tells nobody any more once closed', () => {
  const typing = create();
  typing.started(A);
  typing.close();
  vi.advanceTimersByTime(2 * TYPING_FOR_MS);
  expect(told).toEqual(['a true']);
  expect(vi.getTimerCount()).toBe(0);
});
