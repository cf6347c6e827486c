import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConversationId } from '../shared/ids.ts';
import { wrapConnection } from './connection.ts';
import type { Database } from './database.ts';
import { openDatabase } from './database.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations/list.ts';
import { searchMessages } from './search.ts';
import { addConversation, addMessage } from './test/sample.ts';

/** The cost of encryption at rest: each measure over the same rows, encrypted and in the clear, in the same run. */
const LARGE = process.env['BENCH_LARGE'] === '1';
const MESSAGES = LARGE ? 1_000_000 : 100_000;
const CONVERSATIONS = 50;
const VOCABULARY = 20_000;
const WORDS_PER_MESSAGE = 10;
/** Messages in one transaction while the rows are laid down. */
const BATCH = 1_000;
/** One message in so many holds the rare word. */
const RARE_EVERY = 5_000;
/** The aim: the median of nothing that reads takes more than this many times as long as in the clear. */
const MAX_RATIO = 5;
const FILL_TIMEOUT_MS = 1_800_000;

const folder = mkdtempSync(join(tmpdir(), 'plainseal-bench-'));
let sealed: Database;
let plain: Database;

/** The same schema and settings without a cipher. */
function openPlain(): Database {
  const path = join(folder, 'plain.db');
  const raw = new Sqlite(path);
  for (const pragma of [
    'journal_mode = WAL',
    'synchronous = FULL',
    'secure_delete = ON',
    'temp_store = MEMORY',
    'cache_size = -32000',
  ])
    raw.pragma(pragma);
  migrate(raw, path, migrations);
  raw.pragma('foreign_keys = ON');
  return wrapConnection(raw, {
    readOnly: false,
    slowMs: Number.POSITIVE_INFINITY,
    onSlow: () => undefined,
    onWritten: () => undefined,
    checkpointPages: 1_000,
    clock: () => performance.now(),
    beforeClose: () => undefined,
  });
}

/** A small generator with a fixed seed (mulberry32), so that both databases and every run hold the same texts. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const conversationOf = (index: number): ConversationId =>
  `a|email|c${index % CONVERSATIONS}` as ConversationId;

/** Words as often as in a language: the k-th most common one about 1/k of the time. */
function textOf(id: number): string {
  const random = randomOf(id);
  const words = Array.from(
    { length: WORDS_PER_MESSAGE },
    () => `w${Math.floor(VOCABULARY ** random()).toString(36)}`,
  );
  if (id % RARE_EVERY === 0) words.push('xylophone');
  return words.join(' ');
}

function fill(database: Database): number {
  const from = performance.now();
  for (let index = 0; index < CONVERSATIONS; index += 1) addConversation(database, conversationOf(index));
  for (let start = 1; start <= MESSAGES; start += BATCH)
    database.transaction(() => {
      for (let id = start; id < start + BATCH; id += 1)
        addMessage(database, { id, conversation: conversationOf(id), text: textOf(id) });
    });
  database.checkpointTruncate();
  return performance.now() - from;
}

beforeAll(() => {
  sealed = openDatabase({ folder, key: new Uint8Array(32).fill(7) });
  plain = openPlain();
  const took = { sealed: fill(sealed), plain: fill(plain) };
  const rate = (ms: number): string => `${Math.round((MESSAGES / ms) * 1_000)}/s`;
  console.log(
    `${MESSAGES} messages laid down: sealed ${rate(took.sealed)}, plain ${rate(took.plain)}, ratio ${(took.sealed / took.plain).toFixed(2)}`,
  );
}, FILL_TIMEOUT_MS);
afterAll(() => {
  sealed.close();
  plain.close();
  rmSync(folder, { recursive: true });
});

const search =
  (text: string, inside: ConversationId | null = null) =>
  (database: Database) =>
    searchMessages(database, { text, in: inside, before: null, limit: 50 }).ids.length;

/** Where a page or a search is measured: somewhere else each time, so that not only a warm page is read. */
let turn = 0;
const measures: readonly (readonly [name: string, work: (database: Database) => unknown])[] = [
  [
    'page of 50',
    (database) =>
      database.all(
        'SELECT * FROM message WHERE conversation = ? AND id < ? ORDER BY id DESC LIMIT 50',
        conversationOf(turn),
        1 + ((turn * 7_919) % MESSAGES),
      ),
  ],
  ['search, a rare word', search('xylophone')],
  ['search, a common word', search('w1')],
  ['search, two words', search('w5 w1b')],
  ['search, a rare and a common word', search('w1 xylophone')],
  ['search, three letters begun', search('xyl')],
  ['search, two letters begun', search('w2')],
  ['search in one conversation', search('w3', conversationOf(7))],
  ['search, no match', search('nowhere')],
];

describe(`${MESSAGES} messages`, () => {
  it.each(measures)('%s', (name, work) => {
    expect(work(sealed)).toEqual(work(plain));
    compare(`${name}, warm`, work, false);
    compare(`${name}, cold`, work, true);
  });

  it('one live message, flushed', () => {
    let id = MESSAGES;
    compare(
      'one live message, flushed',
      (database) => {
        if (database === sealed) id += 1;
        database.transaction(() =>
          addMessage(database, { id, conversation: conversationOf(id), text: textOf(id) }),
        );
      },
      false,
    );
  });
});

const ROUNDS = 100;

/** Prints and judges the medians, in ms. The two take turns, so that a busy moment of the machine meets both. Cold: SQLite's page cache is emptied before each. */
function compare(name: string, work: (database: Database) => unknown, cold: boolean): void {
  const times = { sealed: [] as number[], plain: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    turn += 1;
    for (const [which, database] of [
      ['sealed', sealed],
      ['plain', plain],
    ] as const) {
      if (cold) database.run('PRAGMA shrink_memory');
      const from = performance.now();
      work(database);
      times[which].push(performance.now() - from);
    }
  }
  const median = (values: readonly number[]): number =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  const [ours, theirs] = [median(times.sealed), median(times.plain)];
  const ratio = ours / theirs;
  console.log(
    `${name}: p50 sealed ${ours.toFixed(3)} ms, plain ${theirs.toFixed(3)} ms, ratio ${ratio.toFixed(2)}`,
  );
  expect(ratio).toBeLessThanOrEqual(MAX_RATIO);
}
