import { performance } from 'node:perf_hooks';
import type { Events } from '../../shared/contract/events.ts';
import type { Calls } from '../../shared/contract/calls.ts';
import { pipePair } from '../../shared/wire/pair.ts';
import { link } from '../../shared/wire/rpc.ts';
import { ACCOUNT, startBenchCore } from './core.ts';
import { median, quantile, show } from './result.ts';

/*
 * Commits: what core alone costs per message while a lane of Signal drains its queue. Commits of a hundred messages, each with what the lane says of it
 * (who, which conversation, the message with its evidence, the forecast, the settled envelope; one session cell per sender), come over the pipe of a
 * thread: frame, border check, one transaction, flush, answer. The lane has made them before, so that the CPU time of core's thread is core's own. A pause
 * is how late a timer of its loop was, as the page would feel it.
 */

/** What a lane of this benchmark is told. */
export type Drain = {
  readonly account: string;
  readonly messages: number;
  readonly perCommit: number;
  readonly senders: number;
};

const MESSAGES = Number(process.env['BENCH_MESSAGES'] ?? 5_000);
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const PER_COMMIT = 100;
/** How often the loop is looked at, in ms. */
const TICK_MS = 1;

type Round = {
  /** CPU time of core's thread, and the clock on the wall, in ms per message. */
  readonly busy: number;
  readonly wall: number;
  /** ms. */
  readonly pauses: readonly number[];
};

/** Tells how late timers of this loop are, until it is stopped. */
function watchPauses(): () => readonly number[] {
  const late: number[] = [];
  let due = performance.now() + TICK_MS;
  const look = (): void => {
    const now = performance.now();
    late.push(Math.max(0, now - due));
    due = now + TICK_MS;
    timer = setTimeout(look, TICK_MS);
  };
  let timer = setTimeout(look, TICK_MS);
  return () => {
    clearTimeout(timer);
    return late;
  };
}

async function drain(senders: number): Promise<Round> {
  const given: Drain = { account: ACCOUNT, messages: MESSAGES, perCommit: PER_COMMIT, senders };
  const lane = new URL('commits-lane.ts', import.meta.url);
  const { core, database, close } = await startBenchCore({
    network: 'signal',
    address: '+15550100',
    lane,
    given,
  });
  const [near, far] = pipePair();
  core.attachPage(far);
  const page = link<Record<string, never>, Calls, Record<string, never>, Events>({ pipe: near, serve: {} });
  const heard = (kind: string): Promise<void> =>
    new Promise((resolve) => {
      page.listen('lane', ({ status }) => {
        if (status.kind === kind) resolve();
      });
    });
  const done = heard('online');
  await heard('catching-up');
  const before = process.threadCpuUsage();
  const from = performance.now();
  const pauses = watchPauses();
  await done;
  const wall = performance.now() - from;
  const { user, system } = process.threadCpuUsage(before);
  const round = { busy: (user + system) / 1_000 / MESSAGES, wall: wall / MESSAGES, pauses: pauses() };
  const rows = database.get<{ readonly n: number }>('SELECT count(*) AS n FROM message');
  if (rows?.n !== MESSAGES) throw new Error('messages are missing');
  await close();
  return round;
}

for (const senders of [1, 10]) {
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await drain(senders));
  const name = `${PER_COMMIT} messages from ${senders}`;
  const of = { reference: null, runs: ROUNDS };
  const middle = (pick: (round: Round) => number): number => median(rounds.map(pick));
  show({ name: `${name}: CPU per message`, unit: 'ms', ours: middle(({ busy }) => busy), ...of });
  show({ name: `${name}: messages`, unit: '1/s', ours: 1_000 / middle(({ wall }) => wall), ...of });
  for (const share of [0.99, 1])
    show({
      name: `${name}: pause ${share === 1 ? 'longest' : 'p99'}`,
      unit: 'ms',
      ours: middle(({ pauses }) => quantile(pauses, share)),
      ...of,
    });
}
