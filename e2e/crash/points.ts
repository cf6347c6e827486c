import { crashPoints, type CrashPoint } from '../../shared/lane/lane.ts';
import type { Random } from './random.ts';
import { calm, round, type Interrupted, type Rig } from './round.ts';
import { clean, type Verdict } from './verdict.ts';

/** One kill at a named point and what came of it. */
export interface Hit {
  readonly point: CrashPoint;
  readonly nth: number;
  readonly careful: boolean;
  readonly interrupted: Interrupted | null;
  readonly out: Verdict;
  readonly in: Verdict;
  readonly fault: string | null;
}

/** Messages each side says while a point is waited for. */
const EACH = 3;
/** How often a point is certainly passed while they are said: mails that arrive together share a commit. */
const passes: Readonly<Record<CrashPoint, number>> = {
  'lane.before-commit': 2 * EACH + 1,
  'lane.after-commit': 2 * EACH + 1,
  'lane.before-wire-write': EACH,
  'lane.after-wire-write': EACH,
  'lane.before-acknowledge': 1,
  'lane.after-acknowledge': 1,
  'core.before-commit': EACH + 1,
  'core.after-commit': EACH + 1,
  'core.before-intent': EACH,
  'core.after-intent': EACH,
  'file.before-rename': 2,
  'file.after-rename': 2,
};
/** In careful mode every mail has a commit of its own. */
const PASSES_CAREFUL: Partial<Record<CrashPoint, number>> = {
  'lane.before-acknowledge': EACH,
  'lane.after-acknowledge': EACH,
};

/** Ends core once at a point, at a hit chosen by `random`. */
export async function hit(rig: Rig, point: CrashPoint, random: Random, careful: boolean): Promise<Hit> {
  if (!careful) await calm(rig);
  const nth = random.between(1, (careful ? PASSES_CAREFUL[point] : undefined) ?? passes[point]);
  // One more of theirs than is counted on: at the last hit something is still on its way.
  const plan = { mine: EACH, theirs: EACH + 1, files: true, spreadMs: random.between(0, 300), random };
  try {
    const { interrupted, books, fault } = await round(rig, plan, { kind: 'point', point, nth });
    return { point, nth, careful, interrupted, out: books.out, in: books.in, fault };
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error);
    return { point, nth, careful, interrupted: null, out: clean, in: clean, fault };
  }
}

/** Ends core `times` times at every point, every other time in careful mode. */
export async function hitAll(
  rig: Rig,
  times: number,
  random: Random,
  tell: (hit: Hit) => void,
): Promise<readonly Hit[]> {
  const hits: Hit[] = [];
  for (let time = 0; time < times; time += 1)
    for (const point of crashPoints) {
      const one = await hit(rig, point, random, (hits.length + time) % 2 === 1);
      hits.push(one);
      tell(one);
      // After a fault the books are wrong for good: what follows would only repeat it.
      if (one.fault !== null) return hits;
    }
  return hits;
}
