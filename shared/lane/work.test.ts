import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ABSENT, type StateCell, type StateKey, type StateView } from './state.ts';
import { createWork } from './work.ts';

const key = (name: string): StateKey => ({ space: 'cert', key: name });
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

/** A view over a plain map, as core answers it. */
function viewOf(cells: Readonly<Record<string, StateCell>>): StateView {
  const sorted = Object.entries(cells).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    get: async ({ space, key: name }) => (space === 'cert' ? (cells[name] ?? null) : null),
    scan: async (space, prefix) =>
      sorted
        .filter(([name]) => space === 'cert' && name.startsWith(prefix))
        .map(([name, cell]) => [key(name), cell] as const),
  };
}

describe('a unit of work', () => {
  test('a write names the version that was read', async () => {
    const work = createWork(viewOf({ a: { value: bytes(1), version: 7 } }));
    expect(await work.get(key('a'))).toEqual(bytes(1));
    work.put(key('a'), bytes(2));
    expect(work.writes()).toMatchObject([{ key: key('a'), value: bytes(2), expect: 7 }]);
  });

  test('a write without a read expects nothing to be there', () => {
    const work = createWork(viewOf({ a: { value: bytes(1), version: 7 } }));
    work.put(key('a'), bytes(2));
    expect(work.writes()[0]?.expect).toBe(ABSENT);
  });

  test('what is expected to be absent is not asked for, and what was read stays read', async () => {
    const asked: string[] = [];
    const cells = viewOf({ a: { value: bytes(1), version: 7 }, b: { value: bytes(2), version: 8 } });
    const work = createWork({ ...cells, get: (of) => (asked.push(of.key), cells.get(of)) });
    await work.get(key('b'));
    for (const name of ['a', 'b']) work.expectAbsent(key(name));
    expect([await work.get(key('a')), await work.get(key('b'))]).toEqual([null, bytes(2)]);
    for (const name of ['a', 'b']) work.put(key(name), bytes(3));
    expect(asked).toEqual(['b']);
    expect(work.writes()).toMatchObject([{ expect: ABSENT }, { expect: 8 }]);
  });

  test('dropping a savepoint forgets only what came after it', async () => {
    const work = createWork(viewOf({}));
    work.put(key('kept'), bytes(1));
    const outer = work.savepoint();
    work.put(key('kept'), bytes(9));
    const inner = work.savepoint();
    work.put(key('lost'), bytes(2));
    inner.keep();
    outer.drop();
    expect(await work.get(key('kept'))).toEqual(bytes(1));
    expect(await work.get(key('lost'))).toBeNull();
    expect(work.writes()).toHaveLength(1);
  });

  test('a savepoint that was kept is over: dropping it takes nothing back', async () => {
    const work = createWork(viewOf({}));
    const outer = work.savepoint();
    work.put(key('a'), bytes(1));
    outer.keep();
    work.put(key('a'), bytes(2));
    outer.drop();
    expect(await work.get(key('a'))).toEqual(bytes(2));
    const again = work.savepoint();
    work.put(key('a'), bytes(3));
    again.drop();
    again.keep();
    expect(await work.get(key('a'))).toEqual(bytes(2));
  });

  test('the view is asked once: by reads at the same time, and by scans one after the other', async () => {
    const view = viewOf({ a: { value: bytes(1), version: 7 } });
    const asked: string[] = [];
    const work = createWork({
      get: (wanted) => (asked.push(`get ${wanted.key}`), view.get(wanted)),
      scan: (space, prefix) => (asked.push(`scan ${prefix}`), view.scan(space, prefix)),
    });
    expect(await Promise.all([work.get(key('a')), work.get(key('a')), work.get(key('b'))])).toEqual([
      bytes(1),
      bytes(1),
      null,
    ]);
    await work.get(key('b'));
    await work.scan('cert', 'a');
    work.put(key('ab'), bytes(2));
    expect((await work.scan('cert', 'a')).map(([found]) => found.key)).toEqual(['a', 'ab']);
    expect(asked).toEqual(['get a', 'get b', 'scan a']);
  });

  test('a read that failed is asked again', async () => {
    let fails = true;
    const view = viewOf({ a: { value: bytes(1), version: 7 } });
    const work = createWork({
      ...view,
      get: (wanted) => (fails ? Promise.reject(new Error('gone')) : view.get(wanted)),
    });
    await expect(work.get(key('a'))).rejects.toThrow('gone');
    fails = false;
    expect(await work.get(key('a'))).toEqual(bytes(1));
  });

  test('reads and scans see exactly what a plain map would hold', async () => {
    const name = fc.constantFrom('a', 'ab', 'b', 'ba');
    const step = fc.oneof(
      fc.record({ do: fc.constant('put' as const), name, value: fc.option(fc.nat(255)) }),
      fc.record({ do: fc.constant('get' as const), name }),
      fc.record({ do: fc.constant('scan' as const), prefix: fc.constantFrom('', 'a', 'b') }),
      fc.record({ do: fc.constant('mark' as const) }),
      fc.record({ do: fc.constant('drop' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(name, fc.nat(255)),
        fc.array(step, { maxLength: 40 }),
        async (start, steps) => {
          const cells = Object.fromEntries(
            Object.entries(start).map(([n, value]) => [n, { value: bytes(value), version: 3 }]),
          );
          const work = createWork(viewOf(cells));
          let model = new Map(Object.entries(start));
          const marks: { readonly model: Map<string, number>; drop(): void }[] = [];
          for (const s of steps) {
            if (s.do === 'put') {
              work.put(key(s.name), s.value === null ? null : bytes(s.value));
              if (s.value === null) model.delete(s.name);
              else model.set(s.name, s.value);
            } else if (s.do === 'get') {
              expect(await work.get(key(s.name))).toEqual(
                model.has(s.name) ? bytes(model.get(s.name)!) : null,
              );
            } else if (s.do === 'scan') {
              const expected = [...model]
                .filter(([n]) => n.startsWith(s.prefix))
                .toSorted(([a], [b]) => (a < b ? -1 : 1));
              const found = await work.scan('cert', s.prefix);
              expect(found.map(([k, v]) => [k.key, v[0]])).toEqual(expected);
            } else if (s.do === 'mark') {
              marks.push({ model: new Map(model), drop: work.savepoint().drop });
            } else {
              const mark = marks.pop();
              if (!mark) continue;
              mark.drop();
              model = mark.model;
            }
          }
        },
      ),
    );
  });
});
