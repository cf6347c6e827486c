import { afterEach, describe, expect, test } from 'vitest';
import type { AccountId } from '../../shared/ids.ts';
import type { FlowAnswer, FlowStart, FlowStep } from '../../shared/lane/flow.ts';
import type { Lane, LaneContext } from '../../shared/lane/lane.ts';
import type { CoreCalls, LaneCalls, LaneNews } from '../../shared/lane/protocol.ts';
import { pipePair } from '../../shared/wire/pair.ts';
import { link, type Link } from '../../shared/wire/rpc.ts';
import { hostLane } from './host.ts';

type Core = Link<LaneCalls, Record<string, never>, LaneNews>;
let close: (() => void) | null = null;
afterEach(() => close?.());

const start: LaneCalls['start']['args'] = {
  account: 'account' as AccountId,
  network: 'dummy',
  environment: 'test',
  proxy: null,
  careful: false,
  mode: 'setup',
  crashPoints: [],
  clockOffset: 0,
};

/** A lane of the given parts behind a pipe, and what core hears of it. */
async function hosting(parts: Partial<Lane>, more: Partial<LaneCalls['start']['args']> = {}) {
  const [near, far] = pipePair();
  close = () => near.close();
  const told: string[] = [];
  hostLane(far, () =>
    Promise.resolve(() => ({
      start: async () => void told.push('start'),
      stop: async () => void told.push('stop'),
      perform: async () => ({ kind: 'done' as const }),
      hint: () => undefined,
      // oxlint-disable-next-line require-yield
      flow: async function* () {
        return null;
      },
      ...parts,
    })),
  );
  const crashes: string[] = [];
  const core: Core = link<CoreCalls, LaneCalls, Record<string, never>, LaneNews>({
    pipe: near,
    serve: { 'crash.point': ({ name }: { name: string }) => (crashes.push(name), null) } as never,
  });
  const steps: LaneNews['flow.step'][] = [];
  const watching = new Set<() => void>();
  core.listen('flow.step', (step) => {
    steps.push(step);
    for (const look of watching) look();
  });
  const until = (fits: (step: FlowStep) => boolean): Promise<LaneNews['flow.step']> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = steps.find(({ step }) => fits(step));
        if (found) resolve(found);
      };
      watching.add(look);
      look();
    });
  await core.call('start', { ...start, ...more });
  return { core, near, told, steps, until, crashes };
}

const flowOf = (
  make: (
    start: FlowStart,
    context: LaneContext,
    signal: AbortSignal,
  ) => AsyncGenerator<FlowStep, null, FlowAnswer | undefined>,
) => ({ flow: make as never }) satisfies Partial<Lane>;
const chat: FlowStart = { kind: 'chat', address: 'bob' };
const asking: FlowStep = { kind: 'ask', fields: [], why: null };
const last = (step: FlowStep): boolean => step.kind === 'done' || step.kind === 'failed';

describe('flows', () => {
  test('go on by themselves over progress and codes, and wait for answers', async () => {
    const answers: unknown[] = [];
    const { core, steps, until } = await hosting(
      flowOf(async function* () {
        yield { kind: 'progress', stage: 'one' };
        answers.push(yield { kind: 'show-code', text: 'code', expiresAt: null });
        answers.push(yield asking);
        yield { kind: 'done', conversation: null, peer: null };
        return null;
      }),
    );
    await core.call('flow.start', { flow: 'f', start: chat });
    await until((step) => step.kind === 'ask');
    expect(steps.some(({ step }) => last(step))).toBe(false);
    await core.call('flow.answer', { flow: 'f', answer: { kind: 'yes' } });
    await until(last);
    expect(answers).toEqual([undefined, { kind: 'yes' }]);
    expect(steps.map(({ step }) => step.kind)).toEqual(['progress', 'show-code', 'ask', 'done']);
  });
  test('tell the account with the outcome, and never with a failure', async () => {
    const account = { network: 'dummy', address: 'me', displayName: 'Me', work: [] } as const;
    for (const outcome of [
      { kind: 'done', conversation: null, peer: null },
      { kind: 'failed', why: 'login-refused' },
    ] as const) {
      const { core, until } = await hosting(
        flowOf(async function* () {
          yield outcome;
          return account as never;
        }),
      );
      await core.call('flow.start', { flow: 'f', start: chat });
      expect((await until(last)).setup).toEqual(outcome.kind === 'done' ? account : null);
    }
  });
  test('end with exactly one outcome whatever the generator does', async () => {
    const cases: ((signal: AbortSignal) => AsyncGenerator<FlowStep, null, FlowAnswer | undefined>)[] = [
      async function* () {
        yield { kind: 'done', conversation: null, peer: null };
        yield { kind: 'failed', why: 'internal' };
        return null;
      },
      // oxlint-disable-next-line require-yield
      async function* () {
        throw new Error('a secret detail');
      },
      // oxlint-disable-next-line require-yield
      async function* () {
        return null;
      },
    ];
    for (const make of cases) {
      const { core, steps, until } = await hosting(flowOf((_start, _context, signal) => make(signal)));
      await core.call('flow.start', { flow: 'f', start: chat });
      await until(last);
      expect(steps.filter(({ step }) => last(step))).toHaveLength(1);
      expect(JSON.stringify(steps)).not.toContain('secret');
    }
  });
  test('are cancelled wherever they stand, and clean up', async () => {
    let cleaned = false;
    const { core, until } = await hosting(
      flowOf(async function* () {
        try {
          yield asking;
          return null;
        } finally {
          cleaned = true;
        }
      }),
    );
    await core.call('flow.start', { flow: 'f', start: chat });
    await until((step) => step.kind === 'ask');
    await core.call('flow.cancel', { flow: 'f' });
    expect((await until(last)).step).toEqual({ kind: 'failed', why: 'cancelled' });
    expect(cleaned).toBe(true);
    await expect(core.call('flow.answer', { flow: 'f', answer: { kind: 'yes' } })).rejects.toMatchObject({
      kind: 'conflict',
    });
  });
  test('of one name run once, and there is an end to their number', async () => {
    const { core } = await hosting(
      flowOf(async function* () {
        yield asking;
        return null;
      }),
    );
    await core.call('flow.start', { flow: 'f0', start: chat });
    await expect(core.call('flow.start', { flow: 'f0', start: chat })).rejects.toMatchObject({
      kind: 'conflict',
    });
    for (let n = 1; n < 16; n += 1) await core.call('flow.start', { flow: `f${n}`, start: chat });
    await expect(core.call('flow.start', { flow: 'f16', start: chat })).rejects.toMatchObject({
      kind: 'refused',
    });
  });
});

describe('a hosted lane', () => {
  test('runs only in run mode, once, and stops when core is gone', async () => {
    const setup = await hosting({});
    expect(setup.told).toEqual([]);
    const run = await hosting({}, { mode: 'run' });
    await expect(run.core.call('start', start)).rejects.toMatchObject({ kind: 'conflict' });
    run.near.close();
    await expect.poll(() => run.told).toEqual(['start', 'stop']);
  });
  test('takes nothing before it was started', async () => {
    const [near, far] = pipePair();
    close = () => near.close();
    hostLane(far, () => Promise.reject(new Error('not asked')));
    const core: Core = link<Record<string, never>, LaneCalls, Record<string, never>, LaneNews>({
      pipe: near,
      serve: {},
    });
    await expect(
      core.call('hint', { hint: { kind: 'typing', conversation: 'c' as never, on: true } }),
    ).rejects.toMatchObject({
      kind: 'refused',
    });
  });
  test('tells core that somebody is writing', async () => {
    let context: LaneContext | null = null;
    const heard: LaneNews['typing'][] = [];
    const { core } = await hosting(
      {
        hint: () => context?.typing('c' as never, true),
        start: async (given) => {
          context = given;
        },
      },
      { mode: 'run' },
    );
    core.listen('typing', (news) => heard.push(news));
    await core.call('hint', { hint: { kind: 'typing', conversation: 'c' as never, on: true } });
    await expect.poll(() => heard).toEqual([{ conversation: 'c', on: true }]);
  });
  test('tells core of the crash points it was asked for, and of no others', async () => {
    const { crashes } = await hosting(
      {
        start: async (context) => {
          await context.crashPoint('lane.before-wire-write');
          await context.crashPoint('lane.after-wire-write');
        },
      },
      { mode: 'run', crashPoints: ['lane.after-wire-write'] },
    );
    expect(crashes).toEqual(['lane.after-wire-write']);
  });
  test('without a way to hand out keys says so', async () => {
    const { core } = await hosting({});
    await expect(core.call('key.export', { passphrase: 'x' })).rejects.toMatchObject({ kind: 'refused' });
  });
});
