import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EnvelopeKey } from '../../../shared/ids.ts';
import { createDeliveryQueue } from './deliveries.ts';
import type { Delivery } from './service.ts';

const delivery = (name: string, size = 1): Delivery => ({
  key: name as EnvelopeKey,
  envelope: null,
  receipt: null,
  malformed: true,
  raw: new Uint8Array(size),
  acknowledge: () => undefined,
});

async function read(queue: AsyncIterable<Delivery>): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { key } of queue) names.push(key);
  return names;
}

test('gives everything once, in order, however it comes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 6 }), async (bursts) => {
      const queue = createDeliveryQueue();
      const reading = read(queue);
      let sent = 0;
      for (const burst of bursts) {
        for (let n = 0; n < burst; n += 1) expect(queue.push(delivery(String(sent++)))).toBe(true);
        await new Promise((resolve) => setImmediate(resolve));
      }
      queue.end();
      expect(await reading).toEqual(Array.from({ length: sent }, (_, n) => String(n)));
    }),
    { numRuns: 40 },
  );
});

test('still gives what is there after the end, and takes nothing more', async () => {
  const queue = createDeliveryQueue();
  queue.push(delivery('before'));
  queue.end();
  queue.push(delivery('after'));
  expect(await read(queue)).toEqual(['before']);
});

test('holds so many bytes and no more, until they are taken', async () => {
  const queue = createDeliveryQueue(10);
  expect(queue.push(delivery('a', 6))).toBe(true);
  expect(queue.push(delivery('b', 5))).toBe(false);
  expect(queue.push(delivery('c', 4))).toBe(true);
  const reader = queue[Symbol.asyncIterator]();
  expect((await reader.next()).value?.key).toBe('a');
  expect(queue.push(delivery('d', 6))).toBe(true);
  expect(queue.push(delivery('e', 1))).toBe(false);
});

test('says when all that came so far was taken', async () => {
  const queue = createDeliveryQueue();
  await queue.taken();
  queue.push(delivery('a'));
  queue.push(delivery('b'));
  let all = false;
  const taken = queue.taken().then(() => (all = true));
  queue.push(delivery('later'));
  const reader = queue[Symbol.asyncIterator]();
  await reader.next();
  await new Promise((resolve) => setImmediate(resolve));
  expect(all).toBe(false);
  await reader.next();
  await taken;
});
