import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { PlainsealError } from '../errors.ts';
import { decodeFrame, encodeFrame } from './codec.ts';
import { pipePair } from './pair.ts';
import { link, type Check, type Handlers } from './rpc.ts';

type Sums = {
  add: { args: { a: number; b: number }; result: number };
  wait: { args: null; result: null };
  fail: { args: null; result: null };
};
type News = { tick: { n: number } };
type Nothing = Record<never, never>;

function linked(serve: Partial<Handlers<Sums>> = {}, check?: Check) {
  const [near, far] = pipePair();
  const faults: string[] = [];
  const handlers: Handlers<Sums> = {
    add: ({ a, b }) => a + b,
    wait: (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new PlainsealError('cancelled', 'stopped')));
      }),
    fail: () => {
      throw new PlainsealError('disk-full', 'no room');
    },
    ...serve,
  };
  const server = link<Sums, Nothing, News, Nothing>({
    pipe: far,
    serve: handlers,
    fault: (what) => faults.push(what),
    ...(check ? { check } : {}),
  });
  const client = link<Nothing, Sums, Nothing, News>({ pipe: near, serve: {} });
  onTestFinished(() => client.close());
  return { near, far, client, server, faults };
}

describe('a link', () => {
  it('answers many calls at once, each with its own answer', async () => {
    const { client } = linked();
    const sums = await Promise.all(Array.from({ length: 200 }, (_, n) => client.call('add', { a: n, b: n })));
    expect(sums).toEqual(Array.from({ length: 200 }, (_, n) => 2 * n));
  });

  it('brings the kind and the text of our own errors across', async () => {
    const { client } = linked();
    await expect(client.call('fail', null)).rejects.toMatchObject({ kind: 'disk-full', message: 'no room' });
  });

  it('keeps the text of an unexpected error on its own side', async () => {
    const { client, faults } = linked({
      fail: () => {
        throw new Error('the secret words');
      },
    });
    await expect(client.call('fail', null)).rejects.toMatchObject({
      kind: 'internal',
      message: 'unexpected error',
    });
    expect(faults.join()).toContain('call fail failed');
  });

  it('runs the check before the handler', async () => {
    const add = vi.fn(() => 1);
    const { client } = linked({ add }, () => {
      throw new PlainsealError('bad-request', 'no');
    });
    await expect(client.call('add', { a: 1, b: 1 })).rejects.toMatchObject({ kind: 'bad-request' });
    expect(add).not.toHaveBeenCalled();
  });

  it('refuses a call nobody serves, also those every object inherits', async () => {
    const { near, client } = linked();
    const answers: unknown[] = [];
    near.listen((bytes) => answers.push(decodeFrame(bytes)));
    for (const [id, name] of ['missing', 'toString', '__proto__', 'constructor'].entries())
      near.send(encodeFrame([0, 1_000 + id, name, null]));
    await client.call('add', { a: 1, b: 1 });
    expect(answers.slice(0, 4)).toEqual(
      [1_000, 1_001, 1_002, 1_003].map((id) => [3, id, 'bad-request', 'no such call']),
    );
  });

  it('cancels on both sides', async () => {
    const stopped = Promise.withResolvers<void>();
    const { client } = linked({
      wait: (_, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            stopped.resolve();
            reject(new PlainsealError('cancelled', 'stopped'));
          });
        }),
    });
    const stop = new AbortController();
    const asked = client.call('wait', null, stop.signal);
    stop.abort();
    await expect(asked).rejects.toMatchObject({ kind: 'cancelled' });
    await stopped.promise;
    await expect(client.call('wait', null, stop.signal)).rejects.toMatchObject({ kind: 'cancelled' });
  });

  it('ends open calls and stops running ones when the pipe ends', async () => {
    const stopped = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const { client, server } = linked({
      wait: (_, signal) => {
        started.resolve();
        signal.addEventListener('abort', () => stopped.resolve());
        return new Promise(() => undefined);
      },
    });
    const asked = client.call('wait', null);
    const told = expect(asked).rejects.toMatchObject({ kind: 'gone' });
    await started.promise;
    client.close();
    await told;
    await stopped.promise;
    await expect(client.call('add', { a: 1, b: 1 })).rejects.toMatchObject({ kind: 'gone' });
    expect(() => server.emit('tick', { n: 1 })).not.toThrow();
  });

  it('tells news to those who listen, until they stop', async () => {
    const { client, server } = linked();
    const heard: number[] = [];
    const undo = client.listen('tick', ({ n }) => heard.push(n));
    server.emit('tick', { n: 1 });
    server.emit('tick', { n: 2 });
    await client.call('add', { a: 0, b: 0 });
    undo();
    server.emit('tick', { n: 3 });
    await client.call('add', { a: 0, b: 0 });
    expect(heard).toEqual([1, 2]);
  });

  it('drops answers nobody waits for, and the second answer to one call', async () => {
    const { far, client } = linked();
    far.send(encodeFrame([2, 999, 'unasked']));
    const asked = client.call('add', { a: 2, b: 3 });
    expect(await asked).toBe(5);
    far.send(encodeFrame([2, 1, 'again']));
    far.send(encodeFrame([3, 1, 'internal', 'again']));
    expect(await client.call('add', { a: 1, b: 1 })).toBe(2);
  });

  it('takes an error of no known kind as internal', async () => {
    const [near, far] = pipePair();
    const client = link<Nothing, Sums, Nothing, News>({ pipe: near, serve: {} });
    far.listen((bytes) => {
      const frame = decodeFrame(bytes) as [number, number];
      far.send(encodeFrame([3, frame[1], 'made-up', 7]));
    });
    await expect(client.call('fail', null)).rejects.toMatchObject({ kind: 'internal', message: '' });
  });

  it('survives any frame, well-formed or not, and goes on answering', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.uint8Array({ maxLength: 64 }),
            fc
              .tuple(
                fc.oneof(fc.integer({ min: -1, max: 6 }), fc.string({ maxLength: 3 })),
                fc.oneof(fc.integer(), fc.string({ maxLength: 8 }), fc.constant(null)),
                fc.oneof(fc.constantFrom('add', 'fail', 'toString', 'tick'), fc.integer()),
                fc.anything({ maxDepth: 1, values: [fc.integer(), fc.string({ maxLength: 4 })] }),
              )
              .map((frame) => encodeFrame(frame)),
          ),
          { maxLength: 20 },
        ),
        async (frames) => {
          const { near, client } = linked();
          for (const frame of frames) near.send(frame);
          // What the frames asked under an id that is ours next is answered in the microtasks of this turn, and is not taken for our answer.
          await setImmediate();
          const answer = await client.call('add', { a: 20, b: 22 });
          expect(answer).toBe(42);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('refuses more running calls than a peer may have', async () => {
    const { near, faults, client } = linked({ wait: () => new Promise(() => undefined) });
    for (let id = 0; id < 4_100; id++) near.send(encodeFrame([0, 10_000 + id, 'wait', null]));
    const asked = client.call('add', { a: 1, b: 1 });
    await expect(Promise.race([asked, new Promise((r) => setTimeout(r, 50, 'nothing'))])).resolves.toBe(
      'nothing',
    );
    expect(faults).toContain('call refused');
  });
});
