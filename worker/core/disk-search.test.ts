import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { textOnly } from '../../shared/contract/content.ts';
import type { AccountId, ConversationId, MessageId } from '../../shared/ids.ts';
import { deriveArgon2id } from '../../storage/argon2.ts';
import { DATABASE_FILE, openDatabase } from '../../storage/database.ts';
import { openFiles } from '../../storage/files.ts';
import { readKeyHeader } from '../../storage/key-header.ts';
import { writeCells } from '../../storage/lane-state.ts';
import { framesOf, pagesOf } from '../../storage/test/decrypted.ts';
import { formsOf, searchBytes, searchFiles, type Secrets } from '../../storage/test/disk-search.ts';
import { addConversation, addMessage } from '../../storage/test/sample.ts';
import { keyringNamed, profileShell, type ProfileShell } from '../sample/profile-shell.ts';
import { request } from '../sample/rig.ts';

// Deriving a key from a passphrase is meant to be slow.
vi.setConfig({ testTimeout: 90_000 });

const PASSPHRASE = 'correct horse battery';
const CHAT = 'a|email|someone' as ConversationId;
const KEPT_CHAT = 'b|email|someone' as ConversationId;
/** Words of its own for each fate, so that a find says which way leaked. */
const words = {
  deleted: 'xdel1gone',
  expired: 'xexp2gone',
  wiped: 'xwip3gone',
  draft: 'xdrf4gone',
  kept: 'xkpt5stay',
} as const;
const FILE_TEXT = 'xfil6file inside a file';

let at: ProfileShell;
let temporary: string;
beforeEach(() => {
  at = profileShell();
  at.keyring = keyringNamed('kwallet6');
  temporary = join(at.folder, '../tmp');
  mkdirSync(temporary);
  vi.stubEnv('TMPDIR', temporary);
});
afterEach(async () => {
  await at.end();
  vi.unstubAllEnvs();
});

/** Every page of the database, free ones too, and every frame of its log, opened: which words are in them. */
function wordsInside(key: Uint8Array): readonly string[] {
  const path = join(at.folder, DATABASE_FILE);
  // A database that was closed has no log.
  const parts = [...pagesOf(path, key), ...(existsSync(`${path}-wal`) ? framesOf(path, key) : [])];
  return Object.values(words).filter((word) => parts.some((part) => part.includes(word)));
}
const raw = (secrets: Secrets): readonly string[] => [
  ...searchFiles([at.folder, at.marks, temporary], secrets),
  ...searchBytes('the log', Buffer.from(at.lines.join('\n')), secrets),
];

describe('the disk', () => {
  test('holds no text and no key in the raw, and nothing of what was deleted, ran out or was wiped when opened', async () => {
    let page = await at.start('live');
    at.typed = ['', '', (asked) => asked.at(-2)?.facts['phrase'] ?? '', PASSPHRASE];
    await page.call('profile.phrase', { request: request() });
    const phrase = at.asked.findLast(({ kind }) => kind === 'phrase-shown')?.facts['phrase'] ?? '';
    await page.call('profile.passphrase', { request: request(), act: 'set' });
    await at.stop();
    const key = typeof at.keyring === 'string' ? undefined : at.keyring.entries.get('entry 0');
    const header = readKeyHeader(at.folder);
    if (!key || header?.kind !== 'passphrase') throw new Error('another profile');

    // Used: messages, a draft, a file, the key of an account.
    const accountKey = new Uint8Array(randomBytes(32));
    const db = openDatabase({ folder: at.folder, key });
    addConversation(db, CHAT);
    db.run(
      `INSERT INTO account (id, network, address, display_name, environment, created_at)
       VALUES ('b', 'email', 'b@example.org', 'B', 'live', 1)`,
    );
    db.run(
      `INSERT INTO conversation (id, account, network, protocol, kind, state, last_at)
       VALUES (?, 'b', 'email', 'openpgp', 'direct', 'active', 1)`,
      KEPT_CHAT,
    );
    addMessage(db, { id: 1, conversation: CHAT, text: `say ${words.deleted} now` });
    addMessage(db, { id: 2, conversation: CHAT, text: `say ${words.expired} now` });
    addMessage(db, { id: 3, conversation: CHAT, text: `say ${words.wiped} now` });
    addMessage(db, { id: 4, conversation: KEPT_CHAT, text: `say ${words.kept} now` });
    db.run("UPDATE message SET account = 'b' WHERE id = 4");
    db.run('UPDATE message SET expires_after_ms = 1, expires_at = ? WHERE id = 2', Date.now() + 4_000);
    writeCells(db, 'b' as AccountId, [
      { key: { space: 'own', key: 'secret' }, value: accountKey, expect: 0 },
    ]);
    const files = openFiles({ database: db, folder: at.folder, now: Date.now });
    const writer = await files.create({ name: 'note.txt', type: 'text/plain' });
    await writer.write(new TextEncoder().encode(FILE_TEXT));
    await writer.finish();
    db.close();

    const passphraseKey = await deriveArgon2id({
      password: new TextEncoder().encode(PASSPHRASE),
      salt: header.salt,
      cost: header.cost,
      length: 32,
    });
    const secrets: Secrets = {
      ...words,
      'text of a file': FILE_TEXT,
      'database key': key,
      passphrase: PASSPHRASE,
      'key of the passphrase': passphraseKey,
      'recovery phrase': phrase,
      'bits of the phrase': mnemonicToEntropy(phrase, wordlist),
      'account key': accountKey,
    };

    at.typed = [PASSPHRASE];
    page = await at.start('live');
    await page.call('draft.save', { conversation: CHAT, content: textOnly(`say ${words.draft} now`) });
    expect(wordsInside(key)).toEqual(Object.values(words));
    expect(raw(secrets)).toEqual([]);

    const gone = (...fates: readonly (keyof typeof words)[]) =>
      vi.waitFor(
        () => {
          const inside = wordsInside(key);
          for (const fate of fates) expect(inside).not.toContain(words[fate]);
          expect(inside).toContain(words.kept);
        },
        { timeout: 20_000, interval: 200 },
      );
    await page.call('message.delete', { request: request(), id: '1' as MessageId });
    await gone('deleted');
    await gone('expired');
    at.typed = [''];
    await page.call('account.remove', { request: request(), account: 'a' as AccountId });
    await gone('deleted', 'expired', 'wiped', 'draft');
    expect(raw(secrets)).toEqual([]);
    await at.stop();
    await gone('deleted', 'expired', 'wiped', 'draft');
    expect(raw(secrets)).toEqual([]);

    // The search finds what is there: a key written into the log, a crash that left one in a temporary file.
    at.lines.push(`oops ${Buffer.from(accountKey).toString('base64')}`);
    writeFileSync(join(temporary, 'core.dump'), Buffer.concat([randomBytes(100), Buffer.from(key)]));
    writeFileSync(join(at.folder, 'note'), Buffer.from(phrase, 'utf16le'));
    expect(raw(secrets)).toEqual(
      expect.arrayContaining([
        'recovery phrase as text, UTF-16LE in note',
        'database key as raw in core.dump',
        'account key as base64 at 0 in the log',
      ]),
    );
  });

  test.each(formsOf('xplantedx secret').map(({ name }) => name))(
    'would be found to hold a secret as %s',
    (name) => {
      const secret = 'xplantedx secret';
      const form = formsOf(secret).find((one) => one.name === name);
      const path = join(temporary, 'any');
      writeFileSync(path, Buffer.concat([randomBytes(7), form?.bytes ?? Buffer.alloc(0), randomBytes(7)]));
      expect(searchFiles([temporary], { it: secret })).toContain(`it as ${name} in any`);
      rmSync(path);
      expect(searchFiles([temporary], { it: secret })).toEqual([]);
    },
  );

  test('would be found to hold a key inside longer text, wherever it begins', () => {
    const key = new Uint8Array(randomBytes(32));
    for (const before of ['', 'a', 'ab', 'abc']) {
      const text = Buffer.concat([Buffer.from(before), key, Buffer.from('after')]).toString('base64');
      writeFileSync(join(temporary, 'any'), text);
      expect(readFileSync(join(temporary, 'any'), 'utf8')).toBe(text);
      expect(searchFiles([temporary], { key })).not.toEqual([]);
    }
  });
});
