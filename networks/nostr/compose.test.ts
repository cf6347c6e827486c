import { expect, test } from 'vitest';
import { textOnly } from '../../shared/contract/content.ts';
import type { ConversationId, FileId, NetworkKey } from '../../shared/ids.ts';
import type { Intent } from '../../shared/lane/intent.ts';
import { compose } from './compose.ts';
import { freshSecretKey, publicKeyOf } from './keys.ts';
import { eventOfKey, keyOfEvent } from './own-event.ts';
import { createMemoryState } from './test/memory-view.ts';

const own = publicKeyOf(freshSecretKey());
const conversation = 'c' as ConversationId;
const intent = (what: Intent['what'], sentAt = 5_000): Intent => ({ conversation, sentAt, what });
const text = (key: string, words: string): Intent['what'] => ({
  kind: 'content',
  key: key as NetworkKey,
  content: textOnly(words),
});

test('two equal texts of one second are two messages, and each stays the one it was', async () => {
  const state = createMemoryState();
  const made = async (what: Intent['what']) => {
    const work = state.work();
    const composed = await compose(work, own, intent(what));
    if (composed.kind !== 'events') throw new Error(composed.kind);
    state.commit(work);
    return composed.events.map(({ id }) => id);
  };
  const [first, second] = [await made(text('a', 'ok')), await made(text('b', 'ok'))];
  expect(first).not.toEqual(second);
  expect(await made(text('a', 'ok'))).toEqual(first);
  expect(await made(text('b', 'ok'))).toEqual(second);
  const work = state.work();
  expect(await keyOfEvent(work, first[0] ?? ('' as never))).toBe('a');
  expect(await eventOfKey(work, 'b' as NetworkKey)).toBe(second[0]);
});

test('a reaction takes the place of the one before, also when it is made again', async () => {
  const state = createMemoryState();
  const target = 'ab'.repeat(32) as NetworkKey;
  const react = (key: string, ...emoji: string[]) =>
    intent({ kind: 'reaction', key: key as NetworkKey, target, emoji });
  const kinds = async (what: Intent): Promise<readonly string[]> => {
    const work = state.work();
    const composed = await compose(work, own, what);
    state.commit(work);
    return composed.kind === 'events'
      ? composed.events.map(({ kind, content }) => `${kind} ${content}`)
      : [composed.kind];
  };
  expect(await kinds(react('1', '👍'))).toEqual(['7 👍']);
  expect(await kinds(react('2', '❤️'))).toEqual(['5 ', '7 ❤️']);
  expect(await kinds(react('2', '❤️'))).toEqual(['5 ', '7 ❤️']);
  expect(await kinds(react('3'))).toEqual(['5 ']);
  expect(await kinds(react('4'))).toEqual(['void']);
});

test('what Marmot has no place for is not sent', async () => {
  const work = createMemoryState().work();
  const file = { ...textOnly('see'), files: ['f' as FileId] };
  const cases: readonly Intent['what'][] = [
    { kind: 'content', key: 'a' as NetworkKey, content: file },
    { kind: 'delete', key: 'b' as NetworkKey, target: 'never-sealed' as NetworkKey },
    { kind: 'timer', key: 'c' as NetworkKey, timer: { ms: 1, version: 2 } },
  ];
  for (const what of cases)
    expect(await compose(work, own, intent(what))).toEqual({ kind: 'failed', failure: 'not-possible' });
  const receipt = { kind: 'receipt', key: 'd' as NetworkKey, of: [], as: 'read', tell: true } as const;
  expect(await compose(work, own, intent(receipt))).toEqual({ kind: 'void' });
});
