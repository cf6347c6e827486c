import type { MailServerProcess } from '../peers/mail/child.ts';
import { createRandom, type Random } from './random.ts';
import { calm, round, type Interrupted, type Rig } from './round.ts';
import type { Plan } from './traffic.ts';
import { clean, type Verdict } from './verdict.ts';

/** One kill at a random moment inside a send or an ingest. */
export interface Kill {
  /** Gives the plan of the round and the moment again. */
  readonly seed: number;
  readonly ms: number;
  readonly interrupted: Interrupted | null;
  readonly out: Verdict;
  readonly in: Verdict;
  readonly fault: string | null;
}

export interface Kills {
  readonly kills: readonly Kill[];
  /** Moments at which nothing was under way any more; they do not count. */
  readonly idle: number;
}

/** The longest wait for a kill at the beginning, in ms; afterwards it follows what is found to be idle. */
const FIRST_WINDOW_MS = 1_500;
const SHRINK = 0.85;
const GROW = 1.03;
/** Draws per kill that may be idle before the run is given up. */
const MAX_IDLE = 3;

/** Ends core at random moments until `count` of them were inside a send or an ingest. */
export async function killAtRandom(
  rig: Rig,
  server: MailServerProcess,
  count: number,
  seed: number,
  tell: (kill: Kill) => void,
): Promise<Kills> {
  const kills: Kill[] = [];
  let idle = 0;
  let windowMs = FIRST_WINDOW_MS;
  for (let draw = 0; kills.length < count && idle <= MAX_IDLE * count; draw += 1) {
    const random = createRandom(seed + draw);
    const ms = random.between(0, Math.round(windowMs));
    const kill = await one(rig, server, random, { seed: seed + draw, ms });
    const { interrupted } = kill;
    if (interrupted?.send === 'nothing' && interrupted.ingest === 'nothing' && kill.fault === null) {
      idle += 1;
      windowMs *= SHRINK;
      continue;
    }
    windowMs *= GROW;
    kills.push(kill);
    tell(kill);
    if (kill.fault !== null) break;
  }
  return { kills, idle };
}

async function one(
  rig: Rig,
  server: MailServerProcess,
  random: Random,
  draw: Pick<Kill, 'seed' | 'ms'>,
): Promise<Kill> {
  if (random.between(1, 3) === 1) await calm(rig);
  // A server that answers late keeps a mail longer between "handed over" and "sent".
  const lateMs = random.pick([0, 0, 20, 100]);
  const delay = { kind: 'delay', protocol: 'smtp', direction: 'to-client', ms: lateMs } as const;
  if (lateMs > 0) await server.arm(delay, { times: 'always' });
  try {
    const { interrupted, books, fault } = await round(rig, planOf(random), { kind: 'time', ms: draw.ms });
    return { ...draw, interrupted, out: books.out, in: books.in, fault };
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error);
    return { ...draw, interrupted: null, out: clean, in: clean, fault };
  } finally {
    await server.disarmAll();
  }
}

function planOf(random: Random): Plan {
  const mine = random.between(0, 4);
  const theirs = random.between(mine === 0 ? 1 : 0, 4);
  return { mine, theirs, files: random.between(1, 3) === 1, spreadMs: random.between(0, 400), random };
}
