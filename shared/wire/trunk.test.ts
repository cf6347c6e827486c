import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { laterPipe } from './later.ts';
import { pipePair } from './pair.ts';
import type { Pipe } from './pipe.ts';
import { relay } from './relay.ts';
import { trunk } from './trunk.ts';

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function collected(pipe: Pipe): { readonly got: number[][]; readonly ends: number[] } {
  const got: number[][] = [];
  const ends: number[] = [];
  pipe.listen((frame) => got.push([...frame]));
  pipe.ended(() => ends.push(1));
  return { got, ends };
}

describe('a trunk', () => {
  it('carries several pipes, opened from either side, in order and apart', async () => {
    const [a, b] = pipePair();
    const parent = trunk(a, 'parent');
    const child = trunk(b, 'child');
    const one = parent.open('one');
    one.send(bytes(1));
    one.send(bytes(2));
    const two = child.open('two');
    two.send(bytes(9));
    await settled();

    const heard = new Map<string, ReturnType<typeof collected>>();
    child.opened((name, pipe) => heard.set(name, collected(pipe)));
    parent.opened((name, pipe) => heard.set(name, collected(pipe)));
    expect(heard.get('one')?.got).toEqual([[1], [2]]);
    expect(heard.get('two')?.got).toEqual([[9]]);
  });

  it('ends one pipe without the others, and all of them with itself', async () => {
    const [a, b] = pipePair();
    const parent = trunk(a, 'parent');
    const child = trunk(b, 'child');
    const pipes: Pipe[] = [];
    child.opened((_, pipe) => pipes.push(pipe));
    const near = [parent.open('one'), parent.open('two')].map((pipe) => ({ pipe, ...collected(pipe) }));
    await settled();
    const far = pipes.map(collected);

    pipes[0]?.close();
    await settled();
    expect(near.map(({ ends }) => ends.length)).toEqual([1, 0]);
    near[0]?.pipe.send(bytes(1));
    near[1]?.pipe.send(bytes(2));
    await settled();
    expect(far.map(({ got }) => got)).toEqual([[], [[2]]]);

    a.close();
    await settled();
    expect(near.map(({ ends }) => ends.length)).toEqual([1, 1]);
    expect(far.map(({ ends }) => ends.length)).toEqual([1, 1]);
  });

  it('survives any frame and still carries its pipes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 12 }), { maxLength: 30 }), async (frames) => {
        const [a, b] = pipePair();
        const parent = trunk(a, 'parent');
        const child = trunk(b, 'child');
        parent.opened(() => undefined);
        const named: string[] = [];
        child.opened((name) => named.push(name));
        for (const frame of frames) b.send(frame);
        parent.open('mine');
        await settled();
        expect(named).toEqual(['mine']);
      }),
      { numRuns: 300 },
    );
  });

  it('does not let the other side open a channel of our own numbering, twice, or without limit', async () => {
    const [a, b] = pipePair();
    const parent = trunk(a, 'parent');
    const named: string[] = [];
    parent.opened((name) => named.push(name));
    b.send(bytes(0, 0, 0, 0, 0, 120)); // even: ours
    b.send(bytes(0, 0, 0, 0, 1, 121));
    b.send(bytes(0, 0, 0, 0, 1, 122)); // the same again
    b.send(new Uint8Array([0, 0, 0, 0, 3, ...new Uint8Array(2_000)])); // a name too long
    await settled();
    expect(named).toEqual(['y']);
    for (let channel = 5; channel < 5_000; channel += 2)
      b.send(new Uint8Array([0, 0, 0, channel >> 8, channel & 255]));
    await settled();
    expect(named.length).toBe(1_024);
  });
});

describe('a relay', () => {
  it('joins two pipes both ways, with what came before it and the end', async () => {
    const [near, left] = pipePair();
    const [right, far] = pipePair();
    near.send(bytes(1));
    await settled();
    relay(left, right);
    far.send(bytes(2));
    await settled();
    const atNear = collected(near);
    const atFar = collected(far);
    expect([atNear.got, atFar.got]).toEqual([[[2]], [[1]]]);
    near.close();
    await settled();
    expect(atFar.ends).toEqual([1]);
  });
});

describe('a later pipe', () => {
  it('keeps what is sent until the real one is there, in order', async () => {
    const [real, far] = pipePair();
    const coming = Promise.withResolvers<Pipe>();
    const pipe = laterPipe(coming.promise);
    pipe.send(bytes(1));
    pipe.send(bytes(2));
    const atFar = collected(far);
    coming.resolve(real);
    await settled();
    pipe.send(bytes(3));
    await settled();
    expect(atFar.got).toEqual([[1], [2], [3]]);
    pipe.close();
    await settled();
    expect(atFar.ends).toEqual([1]);
  });

  it('ends when the real one never comes, and closes one that comes too late', async () => {
    const never = laterPipe(Promise.reject(new Error('no')));
    const { ends } = collected(never);
    await settled();
    expect(ends).toEqual([1]);

    const [real, far] = pipePair();
    const coming = Promise.withResolvers<Pipe>();
    const pipe = laterPipe(coming.promise);
    const atFar = collected(far);
    pipe.close();
    coming.resolve(real);
    await settled();
    expect(atFar.ends).toEqual([1]);
  });
});
