import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PlainsealError } from '../../../shared/errors.ts';
import type { AccountId, OutboxId } from '../../../shared/ids.ts';
import { emptyCommit } from '../../../shared/lane/commit.ts';
import { noteCopied } from '../../../storage/copies.ts';
import { getCell } from '../../../storage/lane-state.ts';
import { ALICE, meeting, messageFrom, openScene, withPeer, type Scene } from '../../sample/scene.ts';
import type { Touched } from '../touched.ts';
import { createCommitQueue } from './queue.ts';

let scene: Scene;
let told: Touched[];
beforeEach(() => {
  scene = openScene();
  told = [];
});
afterEach(() => scene.close());

const queueOver = (turnMs: number, crash: (point: string) => Promise<void> = () => Promise.resolve()) =>
  createCommitQueue({
    db: scene.db,
    clock: () => 1_000,
    tell: (touched) => told.push(touched),
    crash,
    log: () => undefined,
    turnMs,
  });
const put = (key: string, expectVersion = 0) => ({
  ...emptyCommit,
  work: [{ key: { space: 's', key }, value: new Uint8Array([1]), expect: expectVersion }],
});
const has = (key: string) => getCell(scene.db, scene.account.id, { space: 's', key }) !== null;

test('commits of one turn share a transaction; a conflict or refusal of one drops that one', async () => {
  const queue = queueOver(Infinity);
  const { id } = scene.account;
  const transaction = vi.spyOn(scene.db, 'transaction');
  const results = await Promise.allSettled([
    queue.submit(id, put('a')),
    queue.submit(id, put('b', 99)),
    queue.submit(id, {
      ...emptyCommit,
      changes: [messageFrom(ALICE, withPeer(scene, ALICE), 'm', 'nowhere')],
    }),
    queue.submit(id, put('c')),
  ]);
  expect(results).toMatchObject([
    { value: { ok: true } },
    { value: { ok: false, why: 'conflict' } },
    { reason: { kind: 'bad-request' } },
    { value: { ok: true } },
  ]);
  expect(['a', 'b', 'c'].map(has)).toEqual([true, false, true]);
  expect(transaction).toHaveBeenCalledTimes(1);
});

/** A queue that notes in which order things happen, each with whether everything that stands is on the disk. */
function ordered() {
  const order: string[] = [];
  let unflushed = false;
  const { transaction, unflushedTransaction, flush } = scene.db;
  vi.spyOn(scene.db, 'transaction').mockImplementation((work) => {
    const result = transaction(work);
    unflushed = false;
    return result;
  });
  vi.spyOn(scene.db, 'unflushedTransaction').mockImplementation((work) => {
    const result = unflushedTransaction(work);
    unflushed = true;
    return result;
  });
  vi.spyOn(scene.db, 'flush').mockImplementation(() => {
    order.push('flush');
    flush();
    unflushed = false;
  });
  const note = (what: string): void => void order.push(unflushed ? `${what} unflushed` : what);
  const queue = createCommitQueue({
    db: scene.db,
    clock: () => 1_000,
    tell: () => {
      note(`told ${String(scene.db.inTransaction)}`);
      setImmediate(() => note('page hears'));
    },
    crash: () => Promise.resolve(),
    log: () => undefined,
  });
  return { order, note, queue };
}

test('is told of before anybody is answered, and only once it is durable', async () => {
  const { order, note, queue } = ordered();
  await queue.submit(scene.account.id, { ...emptyCommit, ...meeting(withPeer(scene, ALICE), ALICE) });
  note('answered');
  expect(order).toEqual(['told false', 'answered']);
});

test('what somebody says is told at once, and its lane is answered when it is durable', async () => {
  const { order, note, queue } = ordered();
  const { id } = scene.account;
  const chat = withPeer(scene, ALICE);
  await queue.submit(id, { ...emptyCommit, ...meeting(chat, ALICE) });
  await new Promise((resolve) => setImmediate(resolve));
  order.length = 0;
  const says = (key: string) => messageFrom(ALICE, chat, key, 'words');
  await queue.submit(id, { ...emptyCommit, changes: [says('m1')] });
  note('answered');
  expect(order).toEqual(['told false unflushed', 'page hears unflushed', 'flush', 'answered']);

  // What goes to anybody else, and what a lane catches up on, is told once it is durable.
  for (const commit of [
    { ...emptyCommit, changes: Array.from({ length: 9 }, (_, n) => says(`n${n}`)) },
    {
      ...emptyCommit,
      changes: [says('m2')],
      outbound: [{ item: 'none' as OutboxId, to: 'cancelled' } as const],
    },
  ]) {
    order.length = 0;
    await queue.submit(id, commit).catch(() => undefined);
    expect(order.filter((what) => what.includes('unflushed'))).toEqual([]);
  }
});

test('where the disk refuses what was told ahead its lane is told that it failed', async () => {
  const { queue } = ordered();
  const chat = withPeer(scene, ALICE);
  await queue.submit(scene.account.id, { ...emptyCommit, ...meeting(chat, ALICE) });
  vi.spyOn(scene.db, 'flushed').mockRejectedValueOnce(new PlainsealError('io', 'the disk refuses'));
  const commit = { ...emptyCommit, changes: [messageFrom(ALICE, chat, 'm', 'words')] };
  expect(await queue.submit(scene.account.id, commit)).toEqual({ ok: false, why: 'io' });
});

test('where no transaction begins all who wait are told, once', async () => {
  const { queue } = ordered();
  const { id } = scene.account;
  const chat = withPeer(scene, ALICE);
  await queue.submit(id, { ...emptyCommit, ...meeting(chat, ALICE) });
  const refuse = (): never => {
    throw new PlainsealError('io', 'what was written is not on the disk');
  };
  vi.spyOn(scene.db, 'unflushedTransaction').mockImplementation(refuse);
  vi.spyOn(scene.db, 'transaction').mockImplementation(refuse);
  const says = { ...emptyCommit, changes: [messageFrom(ALICE, chat, 'm', 'words')] };
  expect(await queue.submit(id, says)).toEqual({ ok: false, why: 'io' });
  const both = [queue.submit(id, says), queue.submit(id, put('a'))];
  expect(await Promise.all(both)).toEqual([
    { ok: false, why: 'io' },
    { ok: false, why: 'io' },
  ]);
  await queue.drain();
});

test('a disk that is full fails the whole turn, and nobody takes it for done', async () => {
  const queue = queueOver(Infinity);
  const { id } = scene.account;
  const page = (name: string) =>
    Number(Object.values(scene.db.get<Record<string, number>>(`PRAGMA ${name}`) ?? {})[0]);
  scene.db.all(`PRAGMA max_page_count = ${page('page_count') + 4}`);
  const large = {
    ...emptyCommit,
    work: [{ key: { space: 's', key: 'large' }, value: new Uint8Array(1_000_000), expect: 0 }],
  };
  const results = await Promise.all([
    queue.submit(id, put('a')),
    queue.submit(id, large),
    queue.submit(id, put('b')),
  ]);
  expect(results).toEqual([
    { ok: false, why: 'disk-full' },
    { ok: false, why: 'disk-full' },
    { ok: true, seq: 3 },
  ]);
  expect(['a', 'large', 'b'].map(has)).toEqual([false, false, true]);
  expect(told).toHaveLength(1);
});

test('a turn whose time is up leaves the rest to later ones, in order, and others get in between', async () => {
  const queue = queueOver(0);
  const transaction = vi.spyOn(scene.db, 'transaction');
  const order: string[] = [];
  const all = ['a', 'b', 'c'].map((name) =>
    queue.submit(scene.account.id, put(name)).then(() => {
      order.push(name);
      return new Promise<void>((resolve) => setImmediate(resolve)).then(() => order.push(`after ${name}`));
    }),
  );
  await Promise.all(all);
  expect(transaction).toHaveBeenCalledTimes(3);
  expect(order.filter((name) => name.length === 1)).toEqual(['a', 'b', 'c']);
  expect(order.indexOf('after a')).toBeLessThan(order.indexOf('c'));
});

test('whoever is answered may submit again at once', async () => {
  const queue = queueOver(Infinity);
  for (const name of ['a', 'b', 'c'])
    expect(await queue.submit(scene.account.id, put(name))).toMatchObject({ ok: true });
  await queue.drain();
});

test('an account that is gone takes nothing', async () => {
  await expect(queueOver(Infinity).submit('nobody' as AccountId, put('a'))).rejects.toMatchObject({
    kind: 'refused',
  });
});

test('the crash points lie right before the transaction and right after it', async () => {
  const seen: string[] = [];
  const queue = queueOver(Infinity, (point) => {
    seen.push(`${point} ${String(has('a'))}`);
    return Promise.resolve();
  });
  await queue.submit(scene.account.id, put('a'));
  expect(seen).toEqual(['core.before-commit false', 'core.after-commit true']);
});

test('AT-54 takes no commit of an account of a copy, also one that waited when it was found to be one', async () => {
  const queue = queueOver(Infinity);
  const { id } = scene.account;
  const waiting = expect(queue.submit(id, put('a'))).rejects.toMatchObject({ kind: 'refused' });
  noteCopied(scene.db, id, 1);
  await waiting;
  await expect(queue.submit(id, put('b'))).rejects.toMatchObject({ kind: 'refused' });
  expect(['a', 'b'].map(has)).toEqual([false, false]);
});
