import { describe, expect, it, vi } from 'vitest';
import { PlainsealError } from '../errors.ts';
import { keepCore, type CoreProcess } from './keeper.ts';

/** A core that lives until it is ended, and notes how. */
function fakeCore(close: () => Promise<null> = () => Promise.resolve(null)) {
  const exit = Promise.withResolvers<void>();
  const ends: string[] = [];
  const core: CoreProcess = {
    link: {
      call: (async () => {
        ends.push('close');
        const answer = await close();
        exit.resolve();
        return answer;
      }) as CoreProcess['link']['call'],
      emit: () => undefined,
      listen: () => () => undefined,
      ended: () => () => undefined,
      close: () => undefined,
    },
    exited: exit.promise,
    kill: () => {
      ends.push('kill');
      exit.resolve();
    },
  };
  return { core, ends };
}

describe('keeping core', () => {
  it('starts a new one when it died, and says so first', async () => {
    const made: ReturnType<typeof fakeCore>[] = [];
    const log: string[] = [];
    const keeper = await keepCore({
      open: () => {
        const next = fakeCore();
        made.push(next);
        log.push('open');
        return Promise.resolve(next.core);
      },
      lost: () => log.push('lost'),
      failed: () => log.push('failed'),
    });
    made[0]?.core.kill();
    await vi.waitFor(() => expect(keeper.current()).toBe(made[1]?.core));
    expect(log).toEqual(['open', 'lost', 'open']);
    await keeper.close();
    expect(made[1]?.ends).toEqual(['close']);
    expect(made.length).toBe(2);
  });

  it('does not try a profile again that could not be opened at first', async () => {
    const open = vi.fn(() => Promise.reject(new Error('wrong key')));
    await expect(keepCore({ open, lost: () => undefined, failed: () => undefined })).rejects.toThrow(
      'wrong key',
    );
    expect(open).toHaveBeenCalledTimes(1);
  });

  it('does not ask again for what the person did not unlock', async () => {
    const first = fakeCore();
    const failed = vi.fn();
    const open = vi
      .fn<() => Promise<CoreProcess>>()
      .mockResolvedValueOnce(first.core)
      .mockRejectedValue(new PlainsealError('cancelled', 'not unlocked'));
    const keeper = await keepCore({ open, lost: () => undefined, failed });
    first.core.kill();
    await vi.waitFor(() => expect(failed).toHaveBeenCalledTimes(1));
    // Returns: nothing is running, and nothing is tried any more.
    await keeper.close();
    expect([open.mock.calls.length, keeper.current()]).toEqual([2, null]);
  });

  it('goes on trying later ones', async () => {
    const first = fakeCore();
    const last = fakeCore();
    const answers = [
      () => Promise.resolve(first.core),
      () => Promise.reject(new Error('busy')),
      () => Promise.resolve(last.core),
    ];
    const failed = vi.fn();
    const keeper = await keepCore({ open: () => answers.shift()!(), lost: () => undefined, failed });
    first.core.kill();
    await vi.waitFor(() => expect(keeper.current()).toBe(last.core));
    expect(failed).toHaveBeenCalledTimes(1);
    await keeper.close();
  });

  it('kills one that will not close', async () => {
    vi.useFakeTimers();
    try {
      const stuck = fakeCore(() => new Promise(() => undefined));
      const keeper = await keepCore({
        open: () => Promise.resolve(stuck.core),
        lost: () => undefined,
        failed: () => undefined,
      });
      const closed = keeper.close();
      // The call never answers: only the process's end frees whoever waits, as the pipe's end would.
      await vi.advanceTimersByTimeAsync(6_000);
      await closed;
      expect(stuck.ends).toEqual(['close', 'kill']);
    } finally {
      vi.useRealTimers();
    }
  });
});
