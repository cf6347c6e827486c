/** A developer's log: events, codes and numbers; never content, names, addresses, ids of peers or keys. */
export type Log = (event: string, facts?: Readonly<Record<string, string | number | boolean>>) => void;

/** Longest text of one fact. */
const MAX_TEXT = 80;
/** What may stand in a log as text: a code. Anything with a space, an at sign or a long run of digits could be somebody's. */
const code = /^[A-Za-z][A-Za-z0-9_.:/-]*$/;
const looksLikeKey = /[0-9a-fA-F]{16,}|\d{7,}/;

/** Cleans what is about to be logged: texts that are no codes are replaced by their length. */
export function redact(
  facts: Readonly<Record<string, string | number | boolean>>,
): Readonly<Record<string, string | number | boolean>> {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => {
      if (typeof value !== 'string') return [name, value];
      const plain = value.length <= MAX_TEXT && code.test(value) && !looksLikeKey.test(value);
      return [name, plain ? value : `(${value.length} characters)`];
    }),
  );
}

/** A log that writes one JSON line per event to `write`. */
export function createLog(write: (line: string) => void, now: () => number): Log {
  return (event, facts = {}) =>
    write(
      `${JSON.stringify({ at: new Date(now()).toISOString(), event: redact({ event })['event'], ...redact(facts) })}\n`,
    );
}
