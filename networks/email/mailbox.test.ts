import { beforeEach, describe, expect, test } from 'vitest';
import { generateKey } from 'openpgp';
import { importOwnKey } from '../../crypto/openpgp/keys.ts';
import { weakPoints, withEncryptionPoint } from '../../crypto/openpgp/test-people.ts';
import { createWork } from '../../shared/lane/work.ts';
import { newNetworkKey } from '../../shared/lane/network-key.ts';
import { readSelf } from './account-record.ts';
import { compose } from './compose.ts';
import type { Composing } from './composed.ts';
import { drain } from './mailbox.ts';
import type { Inbox } from './connection.ts';
import { createLearnedKeys } from './signer.ts';
import { createCoreDouble } from './test/lane-context.ts';
import { createTaker, type Taker } from './test/taker.ts';
import { autocryptOf, createWriter, letterOf, sealedMail, type Writer } from './test/writer.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import { readCursor, readPlain, writeCursor, writePlain } from './records.ts';

let me: Taker;
let writer: Writer;
let clock: number;
const DAY_MS = 86_400_000;

beforeEach(async () => {
  clock = Date.now();
  me = await createTaker('me@example.org', { now: () => clock });
  writer = await createWriter('writer@example.org', 'Writer');
});

const mail = (text: string, from = writer) =>
  sealedMail(from, letterOf(from, me.address, text), [me.certificate]);
const reading = () => ({
  context: me.core.context,
  self: () => readSelf(createWork(me.core.context.view), clock),
  settle: () => undefined,
  learned: createLearnedKeys(),
  dropCaches: () => undefined,
});
const inbox = (more: Partial<Inbox>): Inbox => ({
  uidValidity: 7,
  uidNext: 1,
  newerThan: async () => [],
  headers: async () => [],
  bodies: async () => new Map(),
  changed: async () => undefined,
  close: () => undefined,
  ...more,
});
const never = new AbortController().signal;

describe('AT-61 a mailbox that changes under the reader', () => {
  test('mails that vanish before their header, or before their body', async () => {
    const header = Buffer.from('From: <w@x.org>\r\nContent-Type: multipart/encrypted; boundary=b\r\n\r\n');
    await drain(
      reading(),
      inbox({
        newerThan: async () => Array.from({ length: 250 }, (_, at) => at + 1),
        headers: async (uids) =>
          uids.filter((uid) => uid > 240).map((uid) => ({ uid, size: 10, arrivedAt: 0, header })),
      }),
      never,
    );
    expect(me.core.settled().filter(({ kind }) => kind === 'consumed')).toHaveLength(10);
    expect(me.core.settled().at(-1)).toMatchObject({ kind: 'cursor', value: '7:250' });
  });

  test('all of them vanish', async () => {
    await drain(reading(), inbox({ newerThan: async () => [1, 2] }), never);
    expect(me.core.commits).toEqual([]);
  });

  test('an account without a cursor begins at the end', async () => {
    const core = createCoreDouble(null);
    for (const [name, cell] of me.core.cells)
      if (!name.startsWith('cursor')) (core.cells as Map<string, typeof cell>).set(name, cell);
    const asked: number[] = [];
    await drain(
      { ...reading(), context: core.context },
      inbox({ uidNext: 42, newerThan: async (uid) => (asked.push(uid), []) }),
      never,
    );
    expect(asked.at(-1)).toBe(41);
  });

  test('numbered anew: what was there before the account is left alone, and only below the new numbers', async () => {
    const since = clock;
    const work = createWork(me.core.context.view);
    await readCursor(work);
    writeCursor(work, { uidValidity: 6, uid: 40, since });
    await me.core.context.commit({ ...emptyCommit, work: work.writes() });
    const before = me.core.settled().length;
    const arrivedAt = (uid: number) => (uid % 2 === 1 ? since - 2 * DAY_MS : since + 1);
    const header = Buffer.from('From: <w@x.org>\r\n\r\n');
    const renumbered = inbox({
      uidNext: 3,
      newerThan: async (uid) => [1, 2, 3, 4].filter((one) => one > uid),
      headers: async (uids) => uids.map((uid) => ({ uid, size: 1, arrivedAt: arrivedAt(uid), header })),
    });
    await drain(reading(), renumbered, never);
    const settled = me.core.settled().slice(before);
    expect(settled.flatMap((one) => (one.kind === 'consumed' ? [one.envelope] : []))).toEqual([
      '7:2',
      '7:3',
      '7:4',
    ]);
  });

  test('a stop ends it between batches', async () => {
    const stop = new AbortController();
    stop.abort();
    await expect(drain(reading(), inbox({ newerThan: async () => [1] }), stop.signal)).rejects.toThrow();
  });

  test('many large mails are fetched a few at a time', async () => {
    const sizes: number[] = [];
    const header = Buffer.from('From: <w@x.org>\r\nContent-Type: multipart/encrypted; boundary=b\r\n\r\n');
    await drain(
      reading(),
      inbox({
        newerThan: async () => [1, 2, 3, 4, 5],
        headers: async (uids) => uids.map((uid) => ({ uid, size: 5_000_000, arrivedAt: 0, header })),
        bodies: async (uids) => (sizes.push(uids.length), new Map()),
      }),
      never,
    );
    expect(sizes).toEqual([1, 1, 1, 1, 1]);
  });

  test('what cannot be taken in for a reason that is no error', async () => {
    const broken = {
      ...me.core.context.files,
      write: () => Promise.reject(null),
    };
    const files = [{ name: 'a', type: 'text/plain', bytes: Buffer.from('a') }];
    const bytes = await sealedMail(
      writer,
      letterOf(writer, me.address, { kind: 'files', text: 't', files }),
      [me.certificate],
    );
    const header = Buffer.from(
      `From: <${writer.address}>\r\nContent-Type: multipart/encrypted; boundary=b\r\n\r\n`,
    );
    await drain(
      { ...reading(), context: { ...me.core.context, files: broken } },
      inbox({
        newerThan: async () => [1],
        headers: async () => [{ uid: 1, size: bytes.length, arrivedAt: 0, header }],
        bodies: async () => new Map([[1, bytes]]),
      }),
      never,
    );
    expect(me.core.settled()).toContainEqual(expect.objectContaining({ kind: 'quarantined', why: 'fault' }));
    expect(me.core.logged).toContainEqual({ event: 'mail-fault', facts: { kind: 'unknown' } });
  });
});

describe('AT-04 a key that ends', () => {
  /** Somebody whose key is good for two days. */
  async function shortLived(): Promise<Writer> {
    const { privateKey } = await generateKey({
      type: 'ecc',
      curve: 'ed25519Legacy',
      userIDs: [{ email: 'short@example.org' }],
      date: new Date(clock - DAY_MS),
      keyExpirationTime: (3 * DAY_MS) / 1_000,
      format: 'binary',
    });
    const read = await importOwnKey(privateKey, null, clock);
    if (read.kind !== 'imported') throw new Error(read.why);
    return { address: 'short@example.org', name: 'Short', key: read.key };
  }
  const composing = async (): Promise<Composing> => ({
    account: me.core.context.account,
    self: await readSelf(createWork(me.core.context.view), clock),
    work: createWork(me.core.context.view),
    now: clock,
    files: me.core.context.files,
    random: () => 0,
  });
  const saying = (conversation: string) => ({
    conversation: conversation as ConversationId,
    sentAt: clock,
    what: {
      kind: 'content' as const,
      key: newNetworkKey('email', 0),
      content: { text: 'x', ranges: [], files: [] },
    },
  });

  test('is held from then on, not sent to', async () => {
    const short = await shortLived();
    await me.take(await mail('hi', short));
    const conversation = `account|email|${short.key.certificate.fingerprint}`;
    expect(await compose(await composing(), { intent: saying(conversation) })).toMatchObject({
      kind: 'composed',
      ledger: { forecasts: [{ hold: null }] },
    });
    clock += 3 * DAY_MS;
    expect(await compose(await composing(), { intent: saying(conversation) })).toMatchObject({
      kind: 'held',
      hold: 'no-key',
      ledger: { forecasts: [{ conversation, hold: 'no-key' }] },
    });
  });

  test('AT-17 nor is a key taken whose secret anybody knows: held, in the words of a missing key', async () => {
    const eve = await createWriter('eve@example.org', 'Eve');
    const [point] = weakPoints;
    if (point === undefined) throw new Error('no point');
    const certificate = await withEncryptionPoint(eve.key.secret, point);
    const letter = letterOf({ ...eve, key: { ...eve.key, certificate } }, me.address, 'hi');
    await me.take(await sealedMail(eve, letter, [me.certificate]));
    const conversation = `account|email|${certificate.fingerprint}`;
    const before = me.core.commits.length;
    expect(await compose(await composing(), { intent: saying(conversation) })).toMatchObject({
      kind: 'held',
      hold: 'no-key',
      ledger: { forecasts: [{ conversation, hold: 'no-key' }] },
    });
    expect(me.core.commits).toHaveLength(before);
  });

  test('is no reason to write in the clear without having been asked', async () => {
    expect(
      await compose(await composing(), { intent: saying('account|email|stranger@example.org') }),
    ).toEqual({
      kind: 'failed',
      failure: 'not-possible',
    });
  });
});

describe('a conversation without encryption', () => {
  const friend = 'friend@example.com';
  beforeEach(async () => {
    const work = createWork(me.core.context.view);
    await readPlain(work, friend);
    writePlain(work, friend, { consentedAt: clock });
    await me.core.context.commit({
      work: work.writes(),
      changes: [],
      forecasts: [],
      inbound: [],
      outbound: [],
      enqueue: [],
    });
  });
  const plain = (more: string, body: string) => `From: <${friend}>\r\n${more}\r\n${body}`;

  test('shows mail without Message-ID and with a date from nowhere', async () => {
    const { changes } = await me.take(plain('Date: nonsense\r\nContent-Type: text/plain\r\n', 'words'));
    expect(changes).toMatchObject([
      {
        kind: 'message',
        content: { text: 'words' },
        sentAt: clock,
        target: { key: expect.stringContaining('@unnamed') },
      },
    ]);
  });
  test('shows nothing of an empty mail, and sets an unreadable one aside', async () => {
    const empty = await me.take(plain('Message-ID: <e@x>\r\n', ''));
    expect(empty.changes).toEqual([]);
    const bomb = `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n${'X-A: b\r\n'.repeat(2_000)}\r\n--b--`;
    const { settled } = await me.take(`From: <${friend}>\r\n${bomb}`);
    expect(settled.map(({ kind }) => kind)).toEqual(['consumed']);
  });
  test('shows a mixed mail of a friend who also has a key', async () => {
    const withKey = await createWriter(friend);
    await me.take(plain(`${autocryptOf(withKey).join(': ')}\r\nMessage-ID: <k@x>\r\n`, 'first'));
    const { changes } = await me.take(
      plain(
        'Message-ID: <m@x>\r\nContent-Type: multipart/mixed; boundary=b\r\n',
        '--b\r\n\r\nmixed words\r\n--b--\r\n',
      ),
    );
    expect(changes).toMatchObject([{ kind: 'message', content: { text: 'mixed words' } }]);
  });
  test('a key from a header that is none is not kept', async () => {
    const before = [...me.core.cells.keys()].filter((name) => name.startsWith('cert')).length;
    for (const keydata of ['AAAA', Buffer.alloc(20_000).toString('base64')])
      await me.take(
        plain(`Autocrypt: addr=${friend}; keydata=${keydata}\r\nMessage-ID: <${keydata.length}@x>\r\n`, 'x'),
      );
    await me.take(plain(`List-Id: <l>\r\n${autocryptOf(await createWriter(friend)).join(': ')}\r\n`, 'x'));
    expect([...me.core.cells.keys()].filter((name) => name.startsWith('cert'))).toHaveLength(before);
  });
});

test('certificates taken in are remembered within bounds', () => {
  const learned = createLearnedKeys();
  for (let at = 0; at < 1_001; at++) learned.add('F' as never, Buffer.from(String(at)));
  expect(learned.has('F' as never, Buffer.from('0'))).toBe(false);
  expect(learned.has('F' as never, Buffer.from('1000'))).toBe(true);
  learned.clear();
  expect(learned.has('F' as never, Buffer.from('1000'))).toBe(false);
});
