import type { Hit } from './points.ts';
import type { Kill } from './kills.ts';
import { sum, type Verdict } from './verdict.ts';

/** Rows of equal columns, words to the left and numbers to the right. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => String(row[at]).length)));
  const cell = (value: string | number, at: number): string =>
    typeof value === 'string' ? value.padEnd(widths[at] ?? 0) : String(value).padStart(widths[at] ?? 0);
  return rows.map((row) => row.map(cell).join('  ').trimEnd()).join('\n');
}

/** Hits per point and what came of them, both directions together. */
export function pointTable(hits: readonly Hit[]): string {
  const points = [...new Set(hits.map(({ point }) => point))];
  const rows = points.map((point) => {
    const own = hits.filter((one) => one.point === point);
    return [point, own.length, own.filter((one) => one.careful).length, ...columns(own)];
  });
  return table([['point', 'hits', 'careful', 'lost', 'doubled', 'reordered', 'foreign', 'faults'], ...rows]);
}

/** Kills by what they interrupted. */
export function histogram(kills: readonly Kill[]): string {
  const counts = new Map<string, number>();
  for (const { interrupted } of kills) {
    const name = interrupted
      ? `send: ${interrupted.send} / ingest: ${interrupted.ingest}`
      : 'no state was read';
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const sorted = [...counts].toSorted((a, b) => b[1] - a[1]);
  return table([
    ['interrupted', 'kills', ''],
    ...sorted.map(([name, count]) => [name, count, '█'.repeat(count)]),
  ]);
}

type Counted = { readonly out: Verdict; readonly in: Verdict; readonly fault: string | null };

function columns(of: readonly Counted[]): readonly number[] {
  const { lost, doubled, reordered, foreign } = sum(of.flatMap((one) => [one.out, one.in]));
  return [lost, doubled, reordered, foreign, of.filter((one) => one.fault !== null).length];
}

/** One line for kills at random moments: `100 kills, 0 lost, 0 doubled, 0 reordered`. */
export function killLine(kills: readonly Kill[]): string {
  const [lost, doubled, reordered] = columns(kills);
  return `${kills.length} kills, ${lost} lost, ${doubled} doubled, ${reordered} reordered`;
}
