import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ServiceId } from '../../crypto/signal/address.ts';
import type { OutboxId } from '../../shared/ids.ts';
import {
  forgetOlder,
  forgetSent,
  keptServices,
  MAX_SENT,
  olderServices,
  readSent,
  sweepSent,
  writeSent,
  type SentRecord,
} from './send-log.ts';
import { writeCell } from './cell.ts';
import { createCells } from './test/cells.ts';

const alice = '00000000-0000-4000-8000-00000000000a' as ServiceId;
const bob = '00000000-0000-4000-8000-00000000000b' as ServiceId;
const record = (expiresAt: number): SentRecord => ({
  item: `item ${expiresAt}` as OutboxId,
  content: Uint8Array.of(1, 2, 3),
  hint: 'resendable',
  identity: '05ab',
  devices: [1, 2],
  evidence: { how: 'in-the-clear', at: 1, from: 'test', facts: [], details: [] },
  resends: 0,
  expiresAt,
});

test('what was sent is found until it is over, by its recipient only', async () => {
  const { run } = createCells();
  await run((work) => writeSent(work, alice, 5, record(100), 10));
  expect(await run((work) => readSent(work, alice, 5, 99))).toEqual(record(100));
  expect(await run((work) => readSent(work, alice, 5, 100))).toBeNull();
  expect(await run((work) => readSent(work, bob, 5, 10))).toBeNull();
});

test('only so much is kept of one recipient', async () => {
  const { run, cells } = createCells();
  for (let at = 1; at <= MAX_SENT + 3; at++)
    await run((work) => writeSent(work, alice, at, record(1_000), 10));
  expect(await run((work) => readSent(work, alice, 3, 10))).toBeNull();
  expect(await run((work) => readSent(work, alice, 4, 10))).not.toBeNull();
  expect(cells.size).toBe(MAX_SENT + 1);
});

test.each([
  ['times', [5, 100, 6, 100]],
  ['differences', [5, 95, 1, 0]],
])(
  'what a list of an earlier version names, as %s, is let go of; what was written since is not',
  async (_, [a, b, c, d]) => {
    const { run, cells } = createCells();
    await run(async (work) => {
      for (const at of [5, 6]) {
        const cell = { space: 'sent', key: `${alice}/${at}` };
        await work.get(cell);
        work.put(cell, Uint8Array.of(1));
      }
      const list = { space: 'sent-times', key: alice };
      await work.get(list);
      writeCell(work, list, [
        [a, b],
        [c, d],
      ]);
    });
    await run((work) => writeSent(work, alice, 7, record(100), 10));
    await run((work) => writeSent(work, bob, 5, record(100), 10));
    expect(await run((work) => olderServices(work))).toEqual([alice]);
    await run((work) => forgetOlder(work, alice));
    expect(await run((work) => olderServices(work))).toEqual([]);
    expect([...cells.values()].flatMap(([{ space, key }]) => (space === 'sent' ? [key] : []))).toEqual([
      `${alice}/7`,
      `${bob}/5`,
    ]);
    expect(await run((work) => readSent(work, alice, 7, 10))).not.toBeNull();
  },
);

test('whatever is written, forgotten and swept, no record is left that no list names', async () => {
  const act = fc.record({
    kind: fc.constantFrom('write', 'forget', 'sweep'),
    to: fc.constantFrom(alice, bob),
    at: fc.integer({ min: 1, max: 8 }),
    lives: fc.integer({ min: 1, max: 6 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
      const { run, cells } = createCells();
      const model = new Map<string, number>();
      for (const [now, { kind, to, at, lives }] of acts.entries()) {
        if (kind === 'write') {
          await run((work) => writeSent(work, to, at, record(now + lives), now));
          model.set(`${to}/${at}`, now + lives);
        } else if (kind === 'forget') {
          await run((work) => forgetSent(work, to, at));
          model.delete(`${to}/${at}`);
        } else {
          const next = await run((work) => sweepSent(work, to, now));
          const left = [...model].filter(([name, lasts]) => name.startsWith(to) && lasts > now);
          expect(next).toBe(left.length === 0 ? null : Math.min(...left.map(([, lasts]) => lasts)));
        }
        for (const service of [alice, bob])
          for (let time = 1; time <= 8; time++) {
            const lasts = model.get(`${service}/${time}`) ?? 0;
            const found = await run((work) => readSent(work, service, time, now));
            expect(found?.expiresAt ?? null).toBe(lasts > now ? lasts : null);
          }
      }
      for (const service of await run((work) => keptServices(work)))
        await run((work) => sweepSent(work, service, 1_000));
      expect(cells.size).toBe(0);
    }),
  );
});
