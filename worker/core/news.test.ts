import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { MessageRow } from '../../shared/contract/message.ts';
import { PlainsealError } from '../../shared/errors.ts';
import type { AccountId, ConversationId, MessageId } from '../../shared/ids.ts';
import type { Events } from '../../shared/contract/events.ts';
import { MAX_EVENTS_PER_SECOND } from '../../shared/contract/events.ts';
import { createNews, MAX_EVENT_IDS, MAX_EVENT_ROWS, MAX_EVENT_TEXT } from './news.ts';
import { nothingTouched, touchMessage, type Touched } from './touched.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function listening(read: Parameters<typeof createNews>[1] = () => null) {
  const changed: Events['changed'][] = [];
  const lanes: Events['lane'][] = [];
  const typing: Events['typing'][] = [];
  const news = createNews((name, payload) => {
    if (name === 'typing') typing.push(payload as Events['typing']);
    if (name === 'changed') changed.push(payload as Events['changed']);
    if (name === 'lane') lanes.push(payload as Events['lane']);
  }, read);
  return { news, changed, lanes, typing };
}
const chat = 'chat' as ConversationId;
function message(rowid: number): Touched {
  const touched = nothingTouched();
  touchMessage(touched, chat, rowid);
  return touched;
}

test('the first is told at once, a flood gathered, each id once, numbered without a gap', async () => {
  const { news, changed } = listening();
  for (let at = 0; at < 1_000; at += 1) {
    news.changed(message(at % 50));
    news.changed(message(at % 50));
    await vi.advanceTimersByTimeAsync(1);
  }
  expect(changed.length).toBeLessThanOrEqual(MAX_EVENTS_PER_SECOND + 1);
  expect(changed.length).toBeGreaterThan(MAX_EVENTS_PER_SECOND / 2);
  expect(changed.map(({ seq }) => seq)).toEqual(changed.map((_, index) => index + 1));
  for (const { messages } of changed) expect(new Set(messages).size).toBe(messages.length);
});

test('nothing touched is nothing told', async () => {
  const { news, changed } = listening();
  news.changed(nothingTouched());
  await vi.advanceTimersByTimeAsync(1_000);
  expect(changed).toEqual([]);
  expect(news.seq).toBe(0);
});

test('more than an event holds says that everything is to be fetched', async () => {
  const { news, changed } = listening();
  for (let rowid = 0; rowid <= MAX_EVENT_IDS; rowid += 1) news.changed(message(rowid));
  await vi.advanceTimersByTimeAsync(100);
  expect(changed).toMatchObject([{ messages: [], inbox: true, conversations: [chat] }]);
});

const row = (id: MessageId, text = ''): MessageRow =>
  ({ kind: 'message', id, content: { text } }) as MessageRow;

test('the rows of a few messages go along as they are when it is told; of many, of long ones, and where they cannot be read, none', async () => {
  const texts = new Map<MessageId, string>([['1', 'a'] as [MessageId, string]]);
  const read = vi.fn((ids: readonly MessageId[]) =>
    ids.flatMap((id) => (texts.has(id) ? [row(id, texts.get(id))] : [])),
  );
  const { news, changed } = listening(read);
  const next = async (...rowids: readonly number[]): Promise<readonly MessageRow[] | null | undefined> => {
    for (const rowid of rowids) news.changed(message(rowid));
    await vi.advanceTimersByTimeAsync(100);
    return changed.at(-1)?.rows;
  };
  // 2 is gone by now.
  expect(await next(1, 2)).toEqual([row('1' as MessageId, 'a')]);
  expect(await next(...Array.from({ length: MAX_EVENT_ROWS + 1 }, (_, at) => at))).toBeNull();
  expect(read).toHaveBeenCalledTimes(1);
  texts.set('1' as MessageId, 'x'.repeat(MAX_EVENT_TEXT));
  expect(await next(1)).toHaveLength(1);
  texts.set('2' as MessageId, 'y');
  expect(await next(1, 2)).toBeNull();
  read.mockImplementationOnce(() => {
    throw new PlainsealError('io', 'the disk refuses');
  });
  expect(await next(2)).toBeNull();
  expect(changed.at(-1)?.messages).toEqual(['2']);
  const before = read.mock.calls.length;
  news.changed({ ...nothingTouched(), inbox: true });
  await vi.advanceTimersByTimeAsync(100);
  expect(changed.at(-1)).toMatchObject({ inbox: true, messages: [], rows: null });
  expect(read).toHaveBeenCalledTimes(before);
});

test('stopping tells what was gathered', () => {
  const { news, changed } = listening();
  news.changed(message(7));
  news.stop();
  expect(changed).toMatchObject([{ messages: ['7'] }]);
});

test('a lane that talks much is heard five times a second; another word of it at once', async () => {
  const { news, lanes } = listening();
  const account = 'a' as AccountId;
  for (let left = 100; left > 0; left -= 1) news.lane(account, { kind: 'catching-up', left });
  expect(lanes).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(250);
  expect(lanes.map(({ status }) => status)).toEqual([
    { kind: 'catching-up', left: 100 },
    { kind: 'catching-up', left: 1 },
  ]);
  news.lane(account, { kind: 'online' });
  expect(lanes.at(-1)?.status).toEqual({ kind: 'online' });
});

test('AT-59 who writes, and stops, and writes again, is told five times a second', async () => {
  const { news, typing } = listening();
  for (let at = 0; at < 1_000; at += 1) {
    for (let times = 0; times < 100; times += 1) news.typing(chat, times % 2 === 0);
    await vi.advanceTimersByTimeAsync(1);
  }
  expect(typing.length).toBeLessThanOrEqual(5);
  news.typing(chat, true);
  await vi.advanceTimersByTimeAsync(250);
  expect(typing.at(-1)).toEqual({ conversation: chat, on: true });
});
