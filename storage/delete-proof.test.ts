import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { textOnly } from '../shared/contract/content.ts';
import type { SendState } from '../shared/contract/conversation.ts';
import type { AccountId, ConversationId, EnvelopeKey, NetworkKey, OutboxId } from '../shared/ids.ts';
import { DATABASE_FILE, openDatabase } from './database.ts';
import { settle } from './inbound.ts';
import { addMessage as storeMessage, deleteMessage, removeMessage } from './messages.ts';
import { putArtifact } from './artifacts.ts';
import { addIntent, setOutboxState } from './outbox.ts';
import { forgetWords, indexWords, wordsOf } from './search.ts';
import { framesOf, pagesOf } from './test/decrypted.ts';
import { addConversation, addMessage } from './test/sample.ts';
import { scratch } from './test/scratch.ts';

const folderFor = scratch();
const key = new Uint8Array(32).fill(7);
const conversation = 'a|email|someone' as ConversationId;
/** Words of its own for each fate, so that a find says which way leaked; beginnings too, since prefixes are indexed. */
const words = { kept: 'xkq1kept', row: 'xrw2gone', text: 'xtx3gone', edit: 'xed4gone' } as const;

function holds(parts: readonly Buffer[], word: string): boolean {
  return parts.some((part) => part.includes(word));
}

/** Messages enough for several FTS segments and merges, with the planted words in the middle and a long text that needs overflow pages. */
function planted(folder: string) {
  const database = openDatabase({ folder, key });
  addConversation(database, conversation);
  const filler = (id: number): string =>
    Array.from({ length: 30 }, (_, index) => `filler${(id * 31 + index * 7) % 997}`).join(' ');
  let id = 0;
  const say = (text: string): number => {
    id += 1;
    addMessage(database, { id, conversation, text });
    return id;
  };
  const fill = (count: number): void => {
    for (let index = 0; index < count; index += 1) database.transaction(() => say(filler(id)));
  };
  fill(150);
  const kept = say(`some ${words.kept} here`);
  const row = say(`${words.row} ${filler(1).repeat(20)} ${words.row}`);
  const text = say(`a ${words.text} there`);
  const edited = say(`it said ${words.edit} before`);
  fill(150);
  return { database, path: join(folder, DATABASE_FILE), kept, row, text, edited, fill };
}

describe('a deleted word', () => {
  it('is in no page and no frame once the checkpoint is done', () => {
    const { database, path, row, text, edited, fill } = planted(folderFor());
    expect(database.checkpointTruncate()).toBe(true);
    const before = pagesOf(path, key);
    for (const word of Object.values(words)) expect(holds(before, word)).toBe(true);

    database.transaction(() => {
      forgetWords(database, row);
      database.run('DELETE FROM message WHERE id = ?', row);
    });
    database.transaction(() => deleteMessage(database, text));
    database.transaction(() => {
      database.run('UPDATE message SET content = ? WHERE id = ?', '{"text":"other"}', edited);
      indexWords(database, edited, wordsOf('other'));
    });
    expect(holds(framesOf(path, key), words.kept) || holds(pagesOf(path, key), words.kept)).toBe(true);

    expect(database.checkpointTruncate()).toBe(true);
    expect(statSync(`${path}-wal`).size).toBe(0);
    const after = pagesOf(path, key);
    expect(holds(after, words.kept)).toBe(true);
    for (const word of [words.row, words.text, words.edit]) {
      expect(holds(after, word)).toBe(false);
      // FTS5 keeps words of a page as differences to the one before: what a difference could leave is at least the tail.
      expect(holds(after, word.slice(3))).toBe(false);
    }
    database.run("INSERT INTO search (search) VALUES ('integrity-check')");

    // Merges later on bring nothing back.
    fill(200);
    database.run("INSERT INTO search (search) VALUES ('optimize')");
    expect(database.checkpointTruncate()).toBe(true);
    const later = pagesOf(path, key);
    expect(holds(later, words.kept)).toBe(true);
    for (const word of [words.row, words.text, words.edit]) expect(holds(later, word)).toBe(false);
    database.close();
  });

  it('of mine goes from the item that sent it too, whether it is deleted or its time is over', () => {
    const { database, path, fill } = planted(folderFor());
    const own = (id: string, text: string, state: SendState): number => {
      const [outbox, name] = [id as OutboxId, `key ${id}` as NetworkKey];
      const content = textOnly(text);
      const account = 'a' as AccountId;
      const sending = { outbox, state };
      const about = { conversation, account, author: null, sentAt: 1, evidence: null, label: null };
      const rowid = database.transaction(() =>
        storeMessage(database, { ...about, key: name, content, sending }, 9),
      );
      const intent = { conversation, sentAt: 1, what: { kind: 'content', key: name, content } } as const;
      addIntent(database, { id: outbox, account, message: rowid, intent, seenLabel: null, hold: null });
      putArtifact(database, outbox, {
        to: 'them',
        identity: 'K',
        bytes: new TextEncoder().encode(`sealed ${text}`),
        outcome: 'accepted',
      });
      setOutboxState(database, outbox, state === 'queued' ? 'queued' : 'sent');
      return rowid ?? -1;
    };
    const [gone, over, again] = ['xgo1mine', 'xov2mine', 'xag3mine'] as const;
    const deleted = own('one', gone, 'sent');
    const ended = own('two', over, 'sent');
    const queued = own('three', again, 'queued');
    fill(50);
    expect(database.checkpointTruncate()).toBe(true);
    for (const word of [gone, over, again]) expect(holds(pagesOf(path, key), word)).toBe(true);
    database.transaction(() => deleteMessage(database, deleted));
    database.transaction(() => removeMessage(database, { id: ended, outbox: 'two' as OutboxId }));
    // One that is to be sent once more when its time is over is not.
    database.transaction(() => removeMessage(database, { id: queued, outbox: 'three' as OutboxId }));
    expect(database.checkpointTruncate()).toBe(true);
    for (const word of [gone, over, again]) expect(holds(pagesOf(path, key), word)).toBe(false);
    expect(database.all('SELECT DISTINCT state FROM outbox')).toEqual([{ state: 'cancelled' }]);
    expect(database.get('SELECT count(*) AS n FROM message WHERE id IN (?, ?)', ended, queued)).toEqual({
      n: 0,
    });
    database.run("INSERT INTO search (search) VALUES ('integrity-check')");
    database.close();
  });

  it('goes from what is kept of how it came, and from what my other devices are to be told of it', () => {
    const { database, path, row, text, fill } = planted(folderFor());
    const account = 'a' as AccountId;
    const beside = (message: number, word: string): void => {
      const of = `key-${message}` as NetworkKey;
      const bytes = new TextEncoder().encode(word);
      const envelope = `envelope ${message}` as EnvelopeKey;
      settle(
        database,
        account,
        { kind: 'parked', envelope, raw: bytes, needs: 'newer-version', until: 9e12, of },
        1,
      );
      const what = {
        kind: 'protocol',
        key: `told ${message}` as NetworkKey,
        op: 'x',
        data: bytes,
        of,
      } as const;
      const intent = { conversation: null, sentAt: 1, what };
      const id = `told ${message}` as OutboxId;
      addIntent(database, { id, account, message: null, intent, seenLabel: null, hold: null });
      putArtifact(database, id, { to: 'me', identity: 'K', bytes, outcome: 'pending' });
      setOutboxState(database, id, 'sealed');
    };
    const [deleted, ended] = ['xpk1gone', 'xpk2gone'] as const;
    beside(text, deleted);
    beside(row, ended);
    fill(50);
    expect(database.checkpointTruncate()).toBe(true);
    for (const word of [deleted, ended]) expect(holds(pagesOf(path, key), word)).toBe(true);
    database.transaction(() => deleteMessage(database, text));
    database.transaction(() => removeMessage(database, { id: row, outbox: null }));
    expect(database.checkpointTruncate()).toBe(true);
    for (const word of [deleted, ended]) expect(holds(pagesOf(path, key), word)).toBe(false);
    expect(database.all('SELECT DISTINCT outcome, until, message_key AS of FROM inbound')).toEqual([
      { outcome: 'consumed', until: null, of: null },
    ]);
    expect(database.all('SELECT DISTINCT state, message_key AS of FROM outbox')).toEqual([
      { state: 'cancelled', of: null },
    ]);
    database.close();
  });

  it('goes with its conversation and its account too', () => {
    const { database, path } = planted(folderFor());
    expect(database.checkpointTruncate()).toBe(true);
    database.transaction(() => database.run("DELETE FROM account WHERE id = 'a'"));
    expect(database.get('SELECT count(*) AS n FROM message')).toEqual({ n: 0 });
    expect(database.checkpointTruncate()).toBe(true);
    const after = pagesOf(path, key);
    for (const word of [...Object.values(words), 'filler', 'someone', 'me@example.org'])
      expect(holds(after, word)).toBe(false);
    database.run("INSERT INTO search (search) VALUES ('integrity-check')");
    database.close();
  });

  it('would be found by this proof without the index option that removes it', () => {
    const { database, path, row } = planted(folderFor());
    database.run("INSERT INTO search (search, rank) VALUES ('secure-delete', 0)");
    database.transaction(() => {
      forgetWords(database, row);
      database.run('DELETE FROM message WHERE id = ?', row);
    });
    expect(database.checkpointTruncate()).toBe(true);
    expect(holds(pagesOf(path, key), words.row)).toBe(true);
    database.close();
  });

  it('is told to be on the disk still while a reader holds an older snapshot', () => {
    const folder = folderFor();
    const { database, path, row } = planted(folder);
    expect(database.checkpointTruncate()).toBe(true);
    const reader = openDatabase({ folder, key, readOnly: true });
    reader.readTransaction(() => {
      reader.get('SELECT count(*) FROM message');
      database.transaction(() => {
        forgetWords(database, row);
        database.run('DELETE FROM message WHERE id = ?', row);
      });
      expect(database.checkpointTruncate()).toBe(false);
      expect(holds(pagesOf(path, key), words.row)).toBe(true);
    });
    expect(database.checkpointTruncate()).toBe(true);
    expect(holds(pagesOf(path, key), words.row)).toBe(false);
    reader.close();
    database.close();
  });

  it('nor any other was ever readable in the files', () => {
    const { database, path } = planted(folderFor());
    for (const file of [path, `${path}-wal`]) {
      const bytes = readFileSync(file);
      expect(bytes.includes(words.kept)).toBe(false);
      expect(bytes.includes('SQLite format 3')).toBe(false);
    }
    database.close();
  });
});
