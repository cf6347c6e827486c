import { expect, test } from 'vitest';
import { createTurns } from './turns.ts';

/** Lets everything that can go on go on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('an item waits until the envelope before it is settled, and the next envelope for the item', async () => {
  const turns = createTurns();
  const order: string[] = [];
  await turns.envelope();
  order.push('first envelope');
  // Opened again, after a conflict: it is still its turn.
  await turns.envelope();
  const performed = Promise.withResolvers<void>();
  const item = turns.item(async () => {
    order.push('item begins');
    await performed.promise;
    order.push('item ends');
  });
  await settle();
  expect(order).toEqual(['first envelope']);
  turns.settled();
  const second = turns.envelope().then(() => order.push('second envelope'));
  await settle();
  expect(order).toEqual(['first envelope', 'item begins']);
  // Something else of the lane's settled: it is no envelope's turn.
  turns.settled();
  performed.resolve();
  await Promise.all([item, second]);
  expect(order).toEqual(['first envelope', 'item begins', 'item ends', 'second envelope']);
});

test('a failed item gives its turn back', async () => {
  const turns = createTurns();
  await expect(turns.item(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await turns.item(() => Promise.resolve('next'))).toBe('next');
});

test('a death ends all waiting, and the late end of the dead one takes nobody’s turn', async () => {
  const turns = createTurns();
  const dead = Promise.withResolvers<void>();
  const item = turns.item(() => dead.promise);
  const waiting = turns.envelope();
  turns.clear();
  await expect(waiting).rejects.toMatchObject({ kind: 'gone' });
  await turns.envelope();
  let began = false;
  const next = turns.item(() => Promise.resolve((began = true)));
  dead.resolve();
  await item;
  await settle();
  expect(began).toBe(false);
  turns.settled();
  await next;
  expect(began).toBe(true);
});
