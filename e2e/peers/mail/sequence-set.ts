/** Ranges of message numbers, ends included; `*` is Infinity (RFC 9051 §9 sequence-set). */
export type SequenceSet = readonly { readonly first: number; readonly last: number }[];

const RANGE = /^(\*|[1-9]\d{0,9})(?::(\*|[1-9]\d{0,9}))?$/;

/** Reads `1:5,9,12:*`; null when it is none. */
export function parseSequenceSet(text: string): SequenceSet | null {
  const ranges: { first: number; last: number }[] = [];
  for (const part of text.split(',')) {
    const match = RANGE.exec(part);
    if (match === null) return null;
    const [a, b] = [match[1], match[2] ?? match[1]].map((end) => (end === '*' ? Infinity : Number(end)));
    if (a === undefined || b === undefined) return null;
    ranges.push({ first: Math.min(a, b), last: Math.max(a, b) });
  }
  return ranges;
}

/**
 * The members of `sorted` (ascending, distinct) that the set names, ascending and without repeats.
 * `*` is the greatest member, so `9:*` names it even when it is below 9 (RFC 9051 §9).
 */
export function select(set: SequenceSet, sorted: readonly number[]): number[] {
  const greatest = sorted.at(-1);
  if (greatest === undefined) return [];
  const picked = new Set<number>();
  for (const range of set) {
    const first = Math.min(range.first, range.last === Infinity ? greatest : range.first);
    for (let at = lowerBound(sorted, first); at < sorted.length; at += 1) {
      const member = sorted[at];
      if (member === undefined || member > range.last) break;
      picked.add(member);
    }
  }
  return [...picked].sort((a, b) => a - b);
}

/** The index of the first member that is not below `value`. */
export function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? Infinity) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The index of `value`, or -1. */
export function indexOfSorted(sorted: readonly number[], value: number): number {
  const at = lowerBound(sorted, value);
  return sorted[at] === value ? at : -1;
}

/** Writes ascending numbers as ranges: 1,2,3,7 becomes `1:3,7`. */
export function formatSequence(sorted: readonly number[]): string {
  const parts: string[] = [];
  for (let at = 0; at < sorted.length;) {
    const first = sorted[at] ?? 0;
    let last = first;
    at += 1;
    while (sorted[at] === last + 1) {
      last += 1;
      at += 1;
    }
    parts.push(first === last ? String(first) : `${first}:${last}`);
  }
  return parts.join(',');
}
