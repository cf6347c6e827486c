/** What became of a list of messages on its way: all zero is as it should be. */
export interface Verdict {
  readonly lost: number;
  readonly doubled: number;
  /** Messages that came after one that was written later. */
  readonly reordered: number;
  /** Messages nobody wrote. */
  readonly foreign: number;
}

export const clean: Verdict = { lost: 0, doubled: 0, reordered: 0, foreign: 0 };

/** Compares what was written with what arrived, both in order; every written message has a text of its own. */
export function judge(written: readonly string[], arrived: readonly string[]): Verdict {
  const places = new Map(written.map((text, place) => [text, place]));
  if (places.size !== written.length) throw new Error('two written messages have the same text');
  const seen = new Set<string>();
  let [doubled, reordered, foreign, furthest] = [0, 0, 0, -1];
  for (const text of arrived) {
    const place = places.get(text);
    if (place === undefined) foreign += 1;
    else if (seen.has(text)) doubled += 1;
    else {
      if (place < furthest) reordered += 1;
      furthest = Math.max(furthest, place);
      seen.add(text);
    }
  }
  return { lost: places.size - seen.size, doubled, reordered, foreign };
}

/** Adds verdicts up. */
export function sum(verdicts: readonly Verdict[]): Verdict {
  const total = { ...clean };
  for (const one of verdicts)
    for (const name of ['lost', 'doubled', 'reordered', 'foreign'] as const) total[name] += one[name];
  return total;
}

/** The worse of two, count by count. */
export function worst(a: Verdict, b: Verdict): Verdict {
  return {
    lost: Math.max(a.lost, b.lost),
    doubled: Math.max(a.doubled, b.doubled),
    reordered: Math.max(a.reordered, b.reordered),
    foreign: Math.max(a.foreign, b.foreign),
  };
}

/** Whether nothing went wrong. */
export const isClean = (verdict: Verdict): boolean => Object.values(verdict).every((count) => count === 0);

/** In words for a report: `lost 1, doubled 0, …`. */
export const told = (verdict: Verdict): string =>
  Object.entries(verdict)
    .map(([name, count]) => `${name} ${String(count)}`)
    .join(', ');
