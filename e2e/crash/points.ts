import { crashPoints, type CrashPoint } from '../../shared/lane/lane.ts';
import { createRandom, type Random } from './random.ts';
import { calm, round, type Interrupted, type Rig } from './round.ts';
import { balanced, inWords, type Plan } from './traffic.ts';
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
export const EACH = 3;

/** What is said with a network while a point is waited for, and what must hold afterwards. */
export interface Course {
  /** The first message of each side carries a file. */
  readonly files: boolean;
  /** How often each point is certainly passed meanwhile; one that is absent is not. */
  readonly passes: Partial<Readonly<Record<CrashPoint, number>>>;
  /** The same in careful mode, where that is more often: each envelope has a commit of its own. */
  readonly careful: Partial<Readonly<Record<CrashPoint, number>>>;
  /** What else is wrong once the books are balanced, in words; null when nothing is. */
  after(rig: Rig): Promise<string | null>;
}

/** The points of every network: a message of mine is sealed and settled in a commit each, what arrives together shares one. */
export const everywhere: Course['passes'] = {
  'lane.before-commit': 2 * EACH + 1,
  'lane.after-commit': 2 * EACH + 1,
  'lane.before-wire-write': EACH,
  'lane.after-wire-write': EACH,
  'core.before-commit': EACH + 1,
  'core.after-commit': EACH + 1,
  'core.before-intent': EACH,
  'core.after-intent': EACH,
};

/** Those of a network whose server keeps what came until it is acknowledged. */
export const acknowledged: Course['passes'] = {
  ...everywhere,
  'lane.before-acknowledge': 1,
  'lane.after-acknowledge': 1,
};

const ONE_MORE: Plan = { mine: 1, theirs: 1, files: false, spreadMs: 0, random: createRandom(0) };

/**
 * One message more each way, after the restart: a ratchet that had moved without its message, or the other way about, would not open it.
 * Gives what is wrong, in words.
 */
export async function oneMore({ traffic, shell: { page } }: Rig): Promise<string | null> {
  await traffic.talk(page, ONE_MORE);
  const books = await traffic.settle(page);
  return balanced(books) ? null : `one more each way: ${inWords(books)}`;
}

export const emailCourse: Course = {
  files: true,
  passes: {
    ...acknowledged,
    'file.before-rename': 2,
    'file.after-rename': 2,
  },
  careful: { 'lane.before-acknowledge': EACH, 'lane.after-acknowledge': EACH },
  after: () => Promise.resolve(null),
};

/** The points a course passes. */
export const pointsOf = ({ passes }: Pick<Course, 'passes'>): readonly CrashPoint[] =>
  crashPoints.filter((point) => passes[point] !== undefined);

/** Ends core once at a point, at a hit chosen by `random`. */
async function hit(
  rig: Rig,
  course: Course,
  point: CrashPoint,
  random: Random,
  careful: boolean,
): Promise<Hit> {
  if (!careful) await calm(rig);
  const { files, passes } = course;
  const nth = random.between(1, (careful ? course.careful[point] : undefined) ?? passes[point] ?? 1);
  // One more of theirs than is counted on: at the last hit something is still on its way.
  const plan = { mine: EACH, theirs: EACH + 1, files, spreadMs: random.between(0, 300), random };
  try {
    const { interrupted, books, fault: unbalanced } = await round(rig, plan, { kind: 'point', point, nth });
    const fault = unbalanced ?? (await course.after(rig));
    return { point, nth, careful, interrupted, out: books.out, in: books.in, fault };
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error);
    return { point, nth, careful, interrupted: null, out: clean, in: clean, fault };
  }
}

/** Moments drawn at a point until one interrupts something: both sides may have said and heard all of it just then. */
const DRAWS = 5;

/** Ends core at a point, at a hit chosen by `random`, until that interrupts something; gives the last. What is wrong after any of them ends it. */
export async function hitSomething(...at: Parameters<typeof hit>): Promise<Hit> {
  for (let draw = 1; ; draw += 1) {
    const drawn = await hit(...at);
    const { send, ingest } = drawn.interrupted ?? { send: 'nothing', ingest: 'nothing' };
    if (drawn.fault !== null || draw === DRAWS || send !== 'nothing' || ingest !== 'nothing') return drawn;
  }
}

/** Ends core `times` times at every point of the course, every other time in careful mode. */
export async function hitAll(
  rig: Rig,
  course: Course,
  times: number,
  random: Random,
  tell: (hit: Hit) => void,
): Promise<readonly Hit[]> {
  const hits: Hit[] = [];
  for (let time = 0; time < times; time += 1)
    for (const point of pointsOf(course)) {
      const one = await hit(rig, course, point, random, (hits.length + time) % 2 === 1);
      hits.push(one);
      tell(one);
      // After a fault the books are wrong for good: what follows would only repeat it.
      if (one.fault !== null) return hits;
    }
  return hits;
}
