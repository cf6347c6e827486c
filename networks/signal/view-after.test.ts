import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { StateKey } from '../../shared/lane/state.ts';
import { createWork } from '../../shared/lane/work.ts';
import { createCoreDouble } from './test/lane-context.ts';
import { viewAfter } from './view-after.ts';

const key = (name: string): StateKey => ({ space: name.slice(0, 1), key: name.slice(1) });
const names = ['aa', 'ab', 'ba', 'abc', 'bb'];
const write = fc.record({
  name: fc.constantFrom(...names),
  value: fc.option(fc.uint8Array({ minLength: 1, maxLength: 2 })),
});

it('is what core’s state is once the writes stand', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(write), fc.array(write), async (before, pending) => {
      const core = createCoreDouble();
      const { view, commit } = core.context;
      for (const { name, value } of before) core.put([{ key: key(name), value, expect: 0 }]);
      const work = createWork(view);
      for (const { name, value } of pending) {
        await work.get(key(name));
        work.put(key(name), value);
      }
      const writes = work.writes();
      const after = viewAfter(view, writes);
      const told = await Promise.all(names.map((name) => after.get(key(name))));
      const scanned = await Promise.all([after.scan('a', ''), after.scan('a', 'b'), after.scan('b', '')]);
      const result = await commit({
        work: writes,
        changes: [],
        forecasts: [],
        inbound: [],
        outbound: [],
        enqueue: [],
      });
      expect(result.ok).toBe(true);
      expect(told).toEqual(await Promise.all(names.map((name) => view.get(key(name)))));
      expect(scanned).toEqual(
        await Promise.all([view.scan('a', ''), view.scan('a', 'b'), view.scan('b', '')]),
      );
    }),
  );
});
