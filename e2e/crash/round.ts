import { crashPoints, type CrashPoint } from '../../shared/lane/lane.ts';
import { examine, type Autopsy } from './autopsy.ts';
import type { Shell } from './shell.ts';
import { balanced, inWords, pause, type Books, type Plan, type Traffic } from './traffic.ts';
import type { World } from './world.ts';

/** When core is ended: at the nth hit of a point from the beginning of the talk, or so many ms after it. */
export type Moment =
  | { readonly kind: 'point'; readonly point: CrashPoint; readonly nth: number }
  | { readonly kind: 'time'; readonly ms: number };

/** What a kill interrupted, as it stood on the disk. */
export interface Interrupted {
  /** How far my oldest unfinished message was. */
  readonly send: 'nothing' | 'not taken' | 'queued' | 'sealed' | 'handed over' | 'ambiguous';
  /** How far the oldest of theirs that is not in the history had come. */
  readonly ingest: 'nothing' | 'at the server' | 'being opened' | 'file cut';
}

/** A round with its end: what was interrupted, and how the books stand after the restart. */
export interface Round {
  readonly interrupted: Interrupted;
  readonly books: Books;
  /** In words, or null when nothing is wrong. */
  readonly fault: string | null;
}

/** How long a point may take to be hit, in ms; one that is not hit is a failure. */
const HIT_MS = 30_000;

/** A world with one conversation in it, killed again and again. */
export interface Rig {
  readonly world: Pick<World, 'profile' | 'open'>;
  readonly traffic: Traffic;
  /** Which points core stops at. */
  readonly points: readonly CrashPoint[];
  shell: Shell;
}

/** Starts core and waits until it is online. `points`: those core stops at. */
export async function openRig(
  world: Rig['world'],
  traffic: Traffic,
  points: readonly CrashPoint[] = crashPoints,
): Promise<Rig> {
  const shell = await start(world, points);
  return { world, traffic, points, shell };
}

async function start(world: Rig['world'], points: readonly CrashPoint[]): Promise<Shell> {
  const shell = await world.open(points);
  await shell.page.online();
  return shell;
}

/** Closes core in order and starts it again: the run after a death is a careful one, the run after this is not. */
export async function calm(rig: Rig): Promise<void> {
  await rig.shell.close();
  rig.shell = await start(rig.world, rig.points);
}

/**
 * Lets both sides talk, ends core at the given moment, opens the database of the dead program, starts core again and waits until the
 * books are balanced.
 * @throws Error when the moment does not come, or the database does not open or is damaged.
 */
export async function round(rig: Rig, plan: Plan, moment: Moment): Promise<Round> {
  const { traffic, world } = rig;
  const talk = traffic.talk(rig.shell.page, plan);
  await killAt(rig.shell, moment);
  const saidThen = traffic.other.said.map(({ text }) => text);
  const found = examine(world.profile);
  if (found.integrity !== 'ok') throw new Error(`the database is damaged: ${found.integrity}`);
  // The others do not stop talking because we did.
  await talk;
  const interrupted = { send: await sendOf(found, traffic), ingest: ingestOf(found, saidThen) };
  rig.shell = await start(world, rig.points);
  const books = await traffic.settle(rig.shell.page);
  return { interrupted, books, fault: balanced(books) ? null : inWords(books) };
}

async function killAt(shell: Shell, moment: Moment): Promise<void> {
  if (moment.kind === 'time') {
    await pause(moment.ms);
    return shell.kill();
  }
  const hit = shell.killAt(moment.point, moment.nth).then(() => true);
  if (await Promise.race([hit, pause(HIT_MS).then(() => false)])) return;
  await shell.kill();
  throw new Error(`${moment.point} was not hit ${moment.nth} times`);
}

async function sendOf(found: Autopsy, traffic: Traffic): Promise<Interrupted['send']> {
  const [mine] = found.open.filter(({ text }) => text !== null);
  if (!mine) return traffic.errands.every(({ answered }) => answered) ? 'nothing' : 'not taken';
  if (mine.state !== 'sealed') return 'queued';
  if (mine.ambiguous) return 'ambiguous';
  const heard = await traffic.other.heard();
  return heard.some(({ text }) => text === mine.text) ? 'handed over' : 'sealed';
}

function ingestOf(found: Autopsy, said: readonly string[]): Interrupted['ingest'] {
  if (said.every((text) => found.received.has(text))) return 'nothing';
  if (found.cutFiles > 0) return 'file cut';
  return found.marked ? 'being opened' : 'at the server';
}
