import { PlainsealError } from '../../shared/errors.ts';
import type { CrashPoint, Lane, LaneContext } from '../../shared/lane/lane.ts';
import type { CoreCalls, LaneCalls, LaneNews } from '../../shared/lane/protocol.ts';
import type { Pipe } from '../../shared/wire/pipe.ts';
import { link, type Link } from '../../shared/wire/rpc.ts';
import { runFlows } from './flow.ts';
import { loadLane, type LoadLane } from './networks.ts';

type CoreLink = Link<CoreCalls, LaneNews, Record<string, never>>;
type StartArgs = LaneCalls['start']['args'];

/**
 * Runs one lane behind a pipe to core: the same code in a thread and in a process of its own. The network's code is
 * loaded by the first call, `start`; everything durable goes through core. `ended` of the pipe stops the lane.
 * `load` is the table of networks; tests give their own.
 */
export function hostLane(pipe: Pipe, load: LoadLane = loadLane): void {
  let started: { readonly lane: Lane; readonly context: LaneContext; readonly mode: 'run' | 'setup' } | null =
    null;
  /** Resolves once the lane has loaded its state; calls that come before wait for it. */
  let starting: Promise<unknown> | null = null;
  const flows = runFlows((flow, step, setup) => core.emit('flow.step', { flow, step, setup }));

  async function current(): Promise<{ readonly lane: Lane; readonly context: LaneContext }> {
    await starting;
    if (!started) throw new PlainsealError('refused', 'the lane has not been started');
    return started;
  }

  async function start(args: StartArgs): Promise<null> {
    if (starting) throw new PlainsealError('conflict', 'the lane was started already');
    await (starting = begin(args));
    return null;
  }

  async function begin(args: StartArgs): Promise<void> {
    const lane = (await load(args.network))();
    const context = laneContext(core, args);
    started = { lane, context, mode: args.mode };
    if (args.mode === 'run') await lane.start(context);
  }

  async function stop(): Promise<null> {
    flows.cancelAll();
    const was = started;
    started = null;
    if (was?.mode === 'run') await was.lane.stop();
    return null;
  }

  const core: CoreLink = link<LaneCalls, CoreCalls, LaneNews, Record<string, never>>({
    pipe,
    serve: {
      start,
      stop,
      perform: async ({ item }, signal) => (await current()).lane.perform(item, signal),
      hint: async ({ hint }) => {
        (await current()).lane.hint(hint);
        return null;
      },
      reconnect: async () => {
        const { lane, context } = await current();
        await lane.stop();
        await lane.start(context);
        return null;
      },
      'flow.start': async ({ flow, start: first }) => {
        const { lane, context } = await current();
        flows.start(flow, lane, context, first);
        return null;
      },
      'flow.answer': ({ flow, answer }) => {
        flows.answer(flow, answer);
        return null;
      },
      'flow.cancel': ({ flow }) => {
        flows.cancel(flow);
        return null;
      },
      'key.export': async ({ passphrase }) => {
        const { lane } = await current();
        if (!lane.exportKey) throw new PlainsealError('refused', 'this network hands out no keys');
        return lane.exportKey(passphrase);
      },
      'key.text': async () => {
        const { lane } = await current();
        if (!lane.writtenKey) throw new PlainsealError('refused', 'this network has no key to write down');
        return lane.writtenKey();
      },
      'key.import': async ({ text, passphrase }) => {
        const { lane } = await current();
        if (!lane.importKey) throw new PlainsealError('refused', 'this network takes no keys');
        return lane.importKey(text, passphrase);
      },
    },
  });
  // Core is gone: nothing can be made durable any more, so nothing may go out either.
  core.ended(() => void stop().catch(() => undefined));
}

/** The lane's context: each member is a call to core. */
function laneContext(core: CoreLink, args: StartArgs): LaneContext {
  const told: ReadonlySet<CrashPoint> = new Set(args.crashPoints);
  return {
    account: args.account,
    environment: args.environment,
    proxy: args.proxy,
    careful: args.careful,
    view: {
      get: (key) => core.call('state.get', { key }),
      scan: (space, prefix) => core.call('state.scan', { space, prefix }),
    },
    now: () => Date.now() + args.clockOffset,
    commit: (commit) => core.call('commit', { commit }),
    status: (status) => core.emit('status', status),
    typing: (conversation, on) => core.emit('typing', { conversation, on }),
    credit: async (bytes) => void (await core.call('credit', { bytes })),
    hasRoom: (conversation, bytes) => core.call('room', { conversation, bytes }),
    mark: (envelope) => core.call('mark', { envelope }),
    files: {
      read: (file) => core.call('file.read', { file }),
      write: (meta, bytes) => core.call('file.write', { name: meta.name, type: meta.type, bytes }),
    },
    crashPoint: async (name) => {
      if (told.has(name)) await core.call('crash.point', { name });
    },
    log: (event, facts = {}) => core.emit('log', { event, facts }),
  };
}
