/** One contact of the demo as it was read from the page. */
export type Row = {
  readonly contact: string;
  readonly network: string;
  readonly protocol: string;
  readonly readers: string;
  readonly identity: string;
  /** Milliseconds from pressing Send until the row stood there, the network had it, the answer stood there; null: never. */
  readonly sent: number | null;
  readonly accepted: number | null;
  readonly answered: number | null;
};

/** What a row must say. */
export type Expected = {
  /** Their row in the list at first: a name is known once they have said it under their key. */
  readonly listed: RegExp;
  readonly contact: string;
  readonly network: string;
  readonly protocol: string;
  readonly readers: RegExp;
  readonly identity: RegExp;
  readonly sent: boolean;
  readonly accepted: boolean;
  readonly answered: boolean;
};

/** What is wrong with a row, in words; empty when it says what it must. */
export function faults(row: Row | undefined, expected: Expected): readonly string[] {
  if (!row) return [`${expected.contact}: no row`];
  const found: string[] = [];
  const wrong = (cell: string, got: unknown, wanted: unknown): void => {
    found.push(`${expected.contact}: ${cell} is “${String(got)}”, expected ${String(wanted)}`);
  };
  if (row.contact !== expected.contact) wrong('contact', row.contact, expected.contact);
  if (row.network !== expected.network) wrong('network', row.network, expected.network);
  if (row.protocol !== expected.protocol) wrong('protocol', row.protocol, expected.protocol);
  if (!expected.readers.test(row.readers)) wrong('who can read it', row.readers, expected.readers);
  if (!expected.identity.test(row.identity)) wrong('is it really them', row.identity, expected.identity);
  for (const cell of ['sent', 'accepted', 'answered'] as const)
    if ((row[cell] !== null) !== expected[cell])
      wrong(cell, row[cell] ?? '—', expected[cell] ? 'a time' : '—');
  return found;
}

const titles = [
  'contact',
  'network',
  'protocol',
  'who can read it',
  'is it really them',
  'sent / accepted / answered',
];
const ms = (time: number | null): string => (time === null ? '—' : `${Math.round(time)}`);

/** The rows as a table of text, columns as wide as their widest cell. */
export function formatTable(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.contact,
    row.network,
    row.protocol,
    row.readers,
    row.identity,
    `${ms(row.sent)} / ${ms(row.accepted)} / ${ms(row.answered)} ms`,
  ]);
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...cells.map((line) => line[column]?.length ?? 0)),
  );
  const line = (values: readonly string[]): string =>
    values
      .map((value, column) => value.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(titles), line(widths.map((width) => '─'.repeat(width))), ...cells.map(line)].join('\n');
}
