import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The attacks of issue 5, each shown where it applies. */
const numbers = [...Array.from({ length: 17 }, (_, at) => at + 1), 59, 61, 62, 65].map(
  (number) => `AT-${String(number).padStart(2, '0')}`,
);
const places = ['core, shell', 'e-mail', 'Signal', 'Nostr'];

interface Row {
  readonly number: string;
  readonly where: string;
  readonly file: string;
  /** The title, or why there is no test. */
  readonly by: string;
}

/** The sections and rows of docs/attacks.md. */
const sections = read('docs/attacks.md').split(/^## /mu).slice(1);
const rows: readonly Row[] = sections.flatMap((section) => {
  const number = section.slice(0, 'AT-00'.length);
  return [...section.matchAll(/^\| (?!Where)([^|]+) \| (?:`([^`]+)` )?\| (.+) \|$/gmu)].map(
    ([, where = '', file = '', by = '']) => ({ number, where, file, by }),
  );
});

const quoted = /(['"`])((?:(?!\1)[^\n])*\bAT-\d\d(?:(?!\1)[^\n])*)\1/gu;

/** Titles with numbers of attacks as they stand in a source. A script of e2e/attacks has number and title apart. */
function titlesIn(file: string): readonly string[] {
  const source = read(file);
  const [, number] = /^ {2}number: '(AT-\d\d)',$/mu.exec(source) ?? [];
  const [, does] = /^ {2}does: '(.+)',$/mu.exec(source) ?? [];
  if (number !== undefined && does !== undefined) return [`${number} ${does}`];
  return [...source.matchAll(quoted)].flatMap(([, , title]) => title ?? []);
}

const tests =
  '{shared,storage,crypto,networks,worker,renderer,browser,electron,e2e}/**/*.{test,spec}.{ts,tsx}';
const titles = new Map(
  globSync([tests, 'e2e/attacks/*.ts'], { cwd: root })
    .map((path) => path.replaceAll('\\', '/'))
    .map((path) => [path, titlesIn(path)]),
);

/** A title in the table, whose number is left out where it stands in front. */
const isTitle = ({ number, by }: Row, title: string): boolean => title === by || title === `${number} ${by}`;

test('every attack has its section, with each place in it', () => {
  expect(sections.map((section) => section.slice(0, 'AT-00'.length))).toEqual(numbers);
  for (const number of numbers) {
    const found = rows.filter((row) => row.number === number).map(({ where }) => where);
    expect([...new Set(found)], number).toEqual(places);
  }
});

test('every test named in the table is there, with its number', () => {
  const missing = rows
    .filter(({ file }) => file !== '')
    .filter(
      (row) => !titles.get(row.file)?.some((title) => title.includes(row.number) && isTitle(row, title)),
    );
  expect(missing).toEqual([]);
});

test('a place without a test says why', () => {
  for (const { number, where, file, by } of rows)
    if (file === '') {
      expect(by.length, `${number} ${where}`).toBeGreaterThan(10);
      expect(rows.filter((row) => row.number === number && row.where === where)).toHaveLength(1);
    }
});

test('every test with one of these numbers is in the table', () => {
  const missing = [...titles].flatMap(([file, found]) =>
    found.flatMap((title) =>
      (title.match(/AT-\d\d/gu) ?? [])
        .filter((number) => numbers.includes(number))
        .filter(
          (number) => !rows.some((row) => row.number === number && row.file === file && isTitle(row, title)),
        )
        .map((number) => `${number}: ${file}: ${title}`),
    ),
  );
  expect(missing).toEqual([]);
});
