/** What one check found. `detail`: numbers when it holds, what is wrong when it does not. */
export type Verdict = { readonly name: string; readonly ok: boolean; readonly detail: readonly string[] };

const SHOWN_LINES = 12;

/** A verdict from complaints: it holds when there are none, and then says `fine`. */
export const judged = (name: string, complaints: readonly string[], fine: string): Verdict => ({
  name,
  ok: complaints.length === 0,
  detail: complaints.length === 0 ? [fine] : complaints,
});

/** Runs a check; one that throws has failed with what it said. */
export async function attempt(name: string, check: () => Verdict | Promise<Verdict>): Promise<Verdict> {
  try {
    return await check();
  } catch (error) {
    return { name, ok: false, detail: [error instanceof Error ? error.message : String(error)] };
  }
}

/** The verdicts as a table of text, long lists of complaints cut. */
export function formatVerdicts(verdicts: readonly Verdict[]): string {
  const width = Math.max(...verdicts.map(({ name }) => name.length));
  return verdicts
    .map(({ name, ok, detail }) => {
      const more = detail.length - SHOWN_LINES;
      const lines = more > 0 ? [...detail.slice(0, SHOWN_LINES), `and ${more} more`] : detail;
      return `${ok ? '✓' : '✗'} ${name.padEnd(width)}  ${lines.join(`\n${' '.repeat(width + 4)}`)}`;
    })
    .join('\n');
}

/** A size in mebibytes, with one decimal. */
export const mebibytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`;
