import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { emptyCommit, type CommitResult } from './commit.ts';
import { remembered } from './remembered.ts';
import { ABSENT, type StateCell, type StateKey } from './state.ts';
import { createWork } from './work.ts';

/** Core's state in memory, counting how often it is asked. */
function createCore() {
  const cells = new Map<string, StateCell>();
  const core = {
    asked: 0,
    refuse: null as Extract<CommitResult, { ok: false }> | null,
    cells,
    view: {
      get: async ({ key }: StateKey) => {
        core.asked += 1;
        return cells.get(key) ?? null;
      },
      scan: async (space: string, prefix: string) => {
        core.asked += 1;
        return [...cells]
          .filter(([key]) => key.startsWith(prefix))
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, cell]) => [{ space, key }, cell] as const);
      },
    },
    commit: async (commit: Parameters<ReturnType<typeof remembered>['commit']>[0]): Promise<CommitResult> => {
      if (core.refuse) return core.refuse;
      for (const { key, expect: expected } of commit.work)
        if ((cells.get(key.key)?.version ?? ABSENT) !== expected) return { ok: false, why: 'conflict' };
      for (const { key, value, version = 1 } of commit.work)
        if (value === null) cells.delete(key.key);
        else cells.set(key.key, { value, version });
      return { ok: true, seq: 1 };
    },
  };
  return core;
}
const keyOf = (key: string): StateKey => ({ space: 's', key });

describe('remembered state', () => {
  test('is asked for once, and written without asking', async () => {
    const core = createCore();
    const lane = remembered(core);
    for (let n = 0; n < 5; n += 1) {
      const work = createWork(lane.view);
      await work.get(keyOf('a'));
      work.put(keyOf('a'), Uint8Array.of(n));
      expect((await lane.commit({ ...emptyCommit, work: work.writes() })).ok).toBe(true);
    }
    expect(core.asked).toBe(1);
    expect(core.cells.get('a')?.value).toEqual(Uint8Array.of(4));
  });

  test('is scanned once, and knows what was written and removed since', async () => {
    const core = createCore();
    const lane = remembered(core);
    const write = (key: string, value: Uint8Array | null, expected = ABSENT) =>
      lane.commit({ ...emptyCommit, work: [{ key: keyOf(key), value, expect: expected, version: 5 }] });
    await write('a1', Uint8Array.of(1));
    expect(await lane.view.scan('s', 'a')).toHaveLength(1);
    await write('a2', Uint8Array.of(2));
    await write('b1', Uint8Array.of(3));
    await write('a1', null, 5);
    expect(await lane.view.scan('s', 'a')).toEqual([[keyOf('a2'), { value: Uint8Array.of(2), version: 5 }]]);
    expect(core.asked).toBe(1);
  });

  test('is forgotten when a commit does not stand', async () => {
    const core = createCore();
    const lane = remembered(core);
    await lane.view.get(keyOf('a'));
    core.cells.set('a', { value: Uint8Array.of(9), version: 7 });
    const work = createWork(lane.view);
    await work.get(keyOf('a'));
    work.put(keyOf('a'), Uint8Array.of(1));
    expect(await lane.commit({ ...emptyCommit, work: work.writes() })).toEqual({
      ok: false,
      why: 'conflict',
    });
    expect((await lane.view.get(keyOf('a')))?.version).toBe(7);
    core.refuse = { ok: false, why: 'io' };
    expect((await lane.commit({ ...emptyCommit, work: [] })).ok).toBe(false);
    core.refuse = null;
    await lane.view.get(keyOf('a'));
    expect(core.asked).toBe(3);
  });

  test('never keeps an answer that a write has overtaken', async () => {
    const core = createCore();
    const lane = remembered(core);
    const late = [lane.view.get(keyOf('a')), lane.view.scan('s', '')];
    const write = { key: keyOf('a'), value: Uint8Array.of(1), expect: ABSENT, version: 5 };
    await Promise.all([...late, lane.commit({ ...emptyCommit, work: [write] })]);
    expect((await lane.view.get(keyOf('a')))?.version).toBe(5);
    expect(await lane.view.scan('s', '')).toHaveLength(1);
  });

  test('is what stands, whatever is read, written and removed', async () => {
    const step = fc.record({ key: fc.constantFrom('a', 'b', 'c'), remove: fc.boolean(), value: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 20 }), async (commits) => {
        const core = createCore();
        const lane = remembered(core);
        for (const steps of commits) {
          const work = createWork(lane.view);
          for (const { key, remove, value } of steps) {
            await work.get(keyOf(key));
            work.put(keyOf(key), remove ? null : Uint8Array.of(value));
          }
          expect((await lane.commit({ ...emptyCommit, work: work.writes() })).ok).toBe(true);
          for (const key of ['a', 'b', 'c'])
            expect(await lane.view.get(keyOf(key))).toEqual(core.cells.get(key) ?? null);
          for (const prefix of ['', 'a', 'b'])
            expect(await lane.view.scan('s', prefix)).toEqual(await core.view.scan('s', prefix));
        }
      }),
    );
  });
});
