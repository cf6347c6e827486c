import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConversationId } from '../shared/ids.ts';
import type { Database } from './database.ts';
import { openDatabase } from './database.ts';
import { forgetWords, indexWords, queryOf, searchMessages, wordsOf } from './search.ts';
import { addConversation, addMessage } from './test/sample.ts';

const folder = mkdtempSync(join(tmpdir(), 'plainseal-search-'));
let database: Database;
const here = 'a|email|here' as ConversationId;
const there = 'a|email|there' as ConversationId;

beforeAll(() => {
  database = openDatabase({ folder, key: new Uint8Array(32).fill(7) });
  addConversation(database, here);
  addConversation(database, there);
});
afterAll(() => {
  database.close();
  rmSync(folder, { recursive: true });
});

let next = 1_000;
function say(text: string, conversation = here): number {
  next += 1;
  addMessage(database, { id: next, conversation, text });
  return next;
}
const find = (
  text: string,
  where: ConversationId | null = null,
  before: number | null = null,
): readonly number[] => searchMessages(database, { text, in: where, before, limit: 50 }).ids;

describe('words', () => {
  it('are normalised, lower case and each there once', () => {
    expect(wordsOf('Tea TEA ｔｅａ, and *tea*!')).toBe('tea and');
    expect(wordsOf('🎉 … —')).toBe('');
  });
  it('stop at a bound', () => {
    const many = Array.from({ length: 9_000 }, (_, index) => `w${index}`).join(' ');
    expect(wordsOf(many).split(' ')).toHaveLength(4_000);
    expect(wordsOf('x'.repeat(60_000))).toHaveLength(64);
  });
});

describe('finding', () => {
  it.each([
    ['Japanese', '明日東京で会いましょう', '東京'],
    ['Chinese', '我们明天在北京见面', '北京'],
    ['Thai', 'สวัสดีครับ พรุ่งนี้เจอกันที่กรุงเทพ', 'พรุ่งนี้'],
    ['Hindi', 'मैं कल दिल्ली आऊँगा', 'दिल्ली'],
    ['Korean', '내일 서울에서 만나요', '서울'],
    ['Russian', 'Встретимся завтра в Москве', 'ЗАВТРА'],
    ['an accent that was left out', 'Nous allons au café', 'cafe'],
    ['an accent that was written apart', 'une fête', 'fe\u0302te'],
    ['a half word', 'the timetable has changed', 'timet'],
    ['a contraction', "we don't know", "don't"],
    ['an address', 'write to ada@example.org soon', 'ada@example.org'],
    ['mixed scripts', 'meet at 渋谷 station at 7', 'station 渋谷'],
    ['one Han character', '犬が好き', '犬'],
  ])('%s', (_name, text, query) => {
    const id = say(text);
    expect(find(query)).toContain(id);
  });

  it('needs every word', () => {
    const both = say('marmalade upon toast');
    say('marmalade alone');
    expect(find('toast marmalade')).toEqual([both]);
  });

  it('takes a single Latin letter as a whole word', () => {
    const id = say('vitamin q zebra');
    expect(find('q')).toEqual([id]);
    expect(find('z')).toEqual([]);
    expect(find('ze')).toEqual([id]);
  });

  it('gives the newest first, in pages', () => {
    const ids = Array.from({ length: 7 }, () => say('pagination'));
    const first = searchMessages(database, { text: 'pagination', in: null, before: null, limit: 4 });
    expect(first).toEqual({ ids: ids.slice(3).reverse(), more: true });
    const rest = searchMessages(database, { text: 'pagination', in: null, before: ids[3] ?? 0, limit: 4 });
    expect(rest).toEqual({ ids: ids.slice(0, 3).reverse(), more: false });
  });

  it('looks inside one conversation', () => {
    const mine = say('persimmon', here);
    const other = say('persimmon', there);
    expect(find('persimmon')).toEqual([other, mine]);
    expect(find('persimmon', here)).toEqual([mine]);
    expect(find('persimmon', there)).toEqual([other]);
    expect(find('persimmon', 'a|email|nowhere' as ConversationId)).toEqual([]);
  });
});

describe('forgetting', () => {
  it('replaces the words of an edited message', () => {
    const id = say('gooseberry');
    indexWords(database, id, wordsOf('elderflower'));
    expect(find('gooseberry')).toEqual([]);
    expect(find('elderflower')).toEqual([id]);
  });
  it('twice is once, and leaves the others', () => {
    const kept = say('quince jam');
    const gone = say('quince jelly');
    forgetWords(database, gone);
    forgetWords(database, gone);
    forgetWords(database, 999_999);
    expect(find('quince')).toEqual([kept]);
    database.run("INSERT INTO search (search) VALUES ('integrity-check')");
  });
});

describe('hostile queries', () => {
  it.each([
    '"',
    '""',
    'a" OR "b',
    'words:x',
    '-x',
    'x*',
    '^x',
    'NEAR(a b)',
    'a AND',
    'OR',
    'NOT',
    '(',
    '{x}:y',
    '\u0000',
    "'; DROP TABLE message; --",
    '\ud800',
  ])('%j is only text', (query) => {
    expect(Array.isArray(find(query))).toBe(true);
    expect(Array.isArray(find(query, here))).toBe(true);
  });

  it('never throw, and always find the text they were copied from', () => {
    database.transaction(() =>
      fc.assert(
        fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })), (text) => {
          find(text);
          if (queryOf(text) === null) return;
          const id = say(text);
          expect(find(text)).toContain(id);
          forgetWords(database, id);
          expect(find(text)).not.toContain(id);
        }),
        { numRuns: 500 },
      ),
    );
    database.run("INSERT INTO search (search) VALUES ('integrity-check')");
  });
});
