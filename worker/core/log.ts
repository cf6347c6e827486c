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

/** Lines a second; a lane that says more is not worth a full disk or core's time. */
const MAX_LINES = 50;

/** A log that writes one JSON line per event to `write`, at most {@link MAX_LINES} a second; what was left out is counted. */
export function createLog(write: (line: string) => void, now: () => number): Log {
  let second = 0;
  let lines = 0;
  let lost = 0;
  return (event, facts = {}) => {
    const at = now();
    const current = Math.floor(at / 1_000);
    if (current !== second) {
      second = current;
      lines = 0;
    }
    lines += 1;
    if (lines > MAX_LINES) {
      lost += 1;
      return;
    }
    const before = lost > 0 ? { lost } : {};
    lost = 0;
    const line = {
      at: new Date(at).toISOString(),
      event: redact({ event })['event'],
      ...redact(facts),
      ...before,
    };
    write(`${JSON.stringify(line)}\n`);
  };
}
