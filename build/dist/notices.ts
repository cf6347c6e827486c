import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../step.ts';
import { identity } from './identity.ts';
import type { Package } from './lockfile.ts';

const licenceFile = /^(licen[cs]e|copying|notice|unlicense)/i;
/** Where a package has its licence somewhere else: files below the project, or the comment a file begins with. */
const elsewhere: Readonly<Record<string, readonly string[]>> = {
  '@bufbuild/protobuf': [
    'node_modules/qr/LICENSE',
    'node_modules/@bufbuild/protobuf/dist/esm/wire/varint.js',
  ],
  '@signalapp/libsignal-client': [
    'LICENSE',
    'node_modules/@signalapp/libsignal-client/dist/acknowledgments.md',
  ],
};
/** What is compiled into a native file without a package of its own. */
const compiledIn = [
  '\nSQLite (in better-sqlite3-multiple-ciphers)\nPublic domain.\n',
  '\nSQLite3 Multiple Ciphers (in better-sqlite3-multiple-ciphers)\nMIT. Copyright (c) 2006-2025 Ulrich Telle.\n',
].join('');

/**
 * The notices of everything that is shipped, each with its licence's text as its author wrote it.
 * @throws Error for a package that brings no text: find where it is and say so above.
 */
export function notices(packages: readonly Package[]): string {
  const parts = packages.map(({ path, name, version, licence }) => {
    const texts = (elsewhere[name] ?? licenceFiles(path)).map(licenceText);
    if (texts.length === 0) throw new Error(`${name} brings no licence text`);
    return `\n${'='.repeat(78)}\n${name} ${version}\n${licence ?? ''}\n\n${texts.join('\n\n')}\n`;
  });
  return [
    `${identity.product} is under ${identity.licence}; its text lies beside this file. It contains the works below.\n`,
    'Electron and Chromium: LICENSE.electron.txt and LICENSES.chromium.html, in the program’s folder.\n',
    compiledIn,
    ...parts,
  ].join('');
}

const licenceFiles = (path: string): readonly string[] =>
  existsSync(join(root, path))
    ? readdirSync(join(root, path))
        .filter((name) => licenceFile.test(name))
        .toSorted()
        .map((name) => `${path}/${name}`)
    : [];

function licenceText(file: string): string {
  const text = readFileSync(join(root, file), 'utf8').replaceAll('\r\n', '\n').trim();
  if (!file.endsWith('.js')) return text;
  const lines = text.split('\n');
  const comment = lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith('//')),
  );
  if (comment.length === 0) throw new Error(`${file} begins with no comment`);
  return comment.map((line) => line.slice(2).trim()).join('\n');
}
