import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { base64Inside } from '../../shared/test/base64.ts';

/** What must be nowhere, by a name that says what leaked. Text is looked for as text, bytes as bytes. */
export type Secrets = Readonly<Record<string, string | Uint8Array>>;

/** One way in which a secret could lie on a disk. */
type Form = { readonly name: string; readonly bytes: Buffer };

const ascii = (text: string): Buffer => Buffer.from(text, 'latin1');

/**
 * A secret raw, in hex and in base64 as it comes out at each of the three places it can begin inside something longer; text, and each
 * of these, in UTF-16 too.
 */
export function formsOf(secret: string | Uint8Array): readonly Form[] {
  const raw = Buffer.from(typeof secret === 'string' ? Buffer.from(secret, 'utf8') : secret);
  const hex = raw.toString('hex');
  const base64 = base64Inside(raw);
  const texts: readonly (readonly [string, string])[] = [
    ...(typeof secret === 'string' ? [['text', secret] as const] : []),
    ['hex', hex],
    ['HEX', hex.toUpperCase()],
    ...base64.map((text, at) => [`base64 at ${at}`, text] as const),
    ...base64.map(
      (text, at) => [`base64url at ${at}`, Buffer.from(text, 'base64').toString('base64url')] as const,
    ),
  ];
  return [
    { name: 'raw', bytes: raw },
    ...texts.flatMap(([name, text]) => [
      { name, bytes: ascii(text) },
      { name: `${name}, UTF-16LE`, bytes: Buffer.from(text, 'utf16le') },
      { name: `${name}, UTF-16BE`, bytes: Buffer.from(text, 'utf16le').swap16() },
    ]),
  ];
}

/** Where a secret lies in any form: `what as form in place`. */
export function searchBytes(place: string, bytes: Buffer, secrets: Secrets): readonly string[] {
  return Object.entries(secrets).flatMap(([what, secret]) =>
    formsOf(secret)
      .filter((form) => bytes.includes(form.bytes))
      .map((form) => `${what} as ${form.name} in ${place}`),
  );
}

/** The same over every file below some folders, and over the names of the files. */
export function searchFiles(folders: readonly string[], secrets: Secrets): readonly string[] {
  return folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap((name) => {
      const path = join(folder, name);
      const named = searchBytes(`the name ${name}`, Buffer.from(name), secrets);
      return statSync(path).isFile() ? [...named, ...searchBytes(name, readFileSync(path), secrets)] : named;
    }),
  );
}
