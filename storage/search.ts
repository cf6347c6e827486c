import type { ConversationId } from '../shared/ids.ts';
import type { Database } from './database.ts';

/** Most different words of one message that can be searched for. */
const MAX_WORDS = 4_000;
/** Longest word, in UTF-16 units; what is longer (a key, a coded blob) is found by its beginning. */
const MAX_WORD_LENGTH = 64;
/** Most words of a query that are looked at. */
const MAX_QUERY_WORDS = 16;

/** The locale moves word boundaries for none of the scripts we found; a fixed one keeps profiles movable between machines. */
const segmenter = new Intl.Segmenter('en', { granularity: 'word' });
/** What SQLite's tokenizer takes for part of a word; a segment without any would be an empty phrase. */
const searchable = /[\p{L}\p{N}\p{M}\p{Co}]/u;
/** Scripts whose words are often a single character, so that one is worth completing. */
const shortWords =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/**
 * The words of a text as they are indexed and stored: compatibility-normalised (NFKC: full-width letters meet plain ones),
 * lower case, each once, separated by spaces. Languages may be mixed. Empty for a text without words.
 */
export function wordsOf(text: string): string {
  return [...new Set(segments(text, MAX_WORDS))].join(' ');
}

function* segments(text: string, limit: number): Generator<string> {
  let found = 0;
  for (const { segment, isWordLike } of segmenter.segment(text.normalize('NFKC').toLowerCase())) {
    if (isWordLike !== true || !searchable.test(segment)) continue;
    yield segment.slice(0, MAX_WORD_LENGTH);
    found += 1;
    if (found === limit) return;
  }
}

/**
 * Makes a message found by these words and stores them with it; what it was found by before is forgotten.
 * The row of the message must exist. Its column `words` is written here and by `forgetWords` only: the index can forget a
 * message only by exactly the words it was given, and other ones would be kept without an error.
 *
 * @param words what `wordsOf` made
 */
export function indexWords(database: Database, message: number, words: string): void {
  forgetWords(database, message);
  if (words === '') return;
  indexNew(database, message, words);
  database.run('UPDATE message SET words = ? WHERE id = ?', words, message);
}

/** As {@link indexWords}, for a message that was just inserted with these very words in its row. */
export function indexNew(database: Database, message: number, words: string): void {
  if (words !== '') database.run('INSERT INTO search (rowid, words) VALUES (?, ?)', message, words);
}

/**
 * Takes a message out of the index; deleting its row does the same. The words are off the disk once
 * `checkpointTruncate` said so.
 */
export function forgetWords(database: Database, message: number): void {
  const row = database.get<{ words: string }>('SELECT words FROM message WHERE id = ?', message);
  if (row === undefined || row.words === '') return;
  database.run("INSERT INTO search (search, rowid, words) VALUES ('delete', ?, ?)", message, row.words);
  database.run("UPDATE message SET words = '' WHERE id = ?", message);
}

/**
 * The full-text query for what a person typed: every word must be there, the last may be only begun.
 * Each word is a quoted string, so nothing typed is ever an operator. Null when there is no word to look for.
 */
export function queryOf(text: string): string | null {
  const words = [...segments(text, MAX_QUERY_WORDS)];
  const last = words.pop();
  if (last === undefined) return null;
  const quote = (word: string): string => `"${word.replaceAll('"', '""')}"`;
  // One character may be two UTF-16 units.
  const begun = Array.from(last).length > 1 || shortWords.test(last);
  return [...words.map(quote), begun ? `${quote(last)} *` : quote(last)].join(' AND ');
}

export type MessageSearch = {
  readonly text: string;
  /** Only this conversation; null for all. */
  readonly in: ConversationId | null;
  /** Only messages before this rowid; null for the newest. */
  readonly before: number | null;
  /** Most rows. */
  readonly limit: number;
};

/**
 * The messages that hold all words of `text`, newest first, by rowid; `more` tells whether there are others before them.
 * Never ordered by rank: ranking reads every match, which takes up to seconds over a million messages.
 */
export function searchMessages(
  database: Database,
  search: MessageSearch,
): { readonly ids: readonly number[]; readonly more: boolean } {
  const query = queryOf(search.text);
  if (query === null) return { ids: [], more: false };
  const before = search.before ?? Number.MAX_SAFE_INTEGER;
  const rows =
    search.in === null
      ? database.all<{ id: number }>(
          'SELECT rowid AS id FROM search WHERE search MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?',
          query,
          before,
          search.limit + 1,
        )
      : searchInside(database, query, search.in, before, search.limit + 1);
  return { ids: rows.slice(0, search.limit).map((row) => row.id), more: rows.length > search.limit };
}

/** Walks the matches between the conversation's oldest message and `before`, newest first. */
function searchInside(
  database: Database,
  query: string,
  conversation: ConversationId,
  before: number,
  limit: number,
): readonly { readonly id: number }[] {
  return database.all<{ id: number }>(
    `SELECT message.id AS id FROM search CROSS JOIN message ON message.id = search.rowid
     WHERE search MATCH ? AND search.rowid < ?
       AND search.rowid >= (SELECT min(id) FROM message WHERE conversation = ?)
       AND message.conversation = ?
     ORDER BY search.rowid DESC LIMIT ?`,
    query,
    before,
    conversation,
    conversation,
    limit,
  );
}
