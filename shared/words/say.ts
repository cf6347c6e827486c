import { setupI18n } from '@lingui/core';
import { compileMessage } from '@lingui/message-utils/compileMessage';
import { en, type Catalogue, type WordId } from './en.ts';
import { pseudo } from './pseudo.ts';

export const locales = ['en', 'pseudo'] as const;
/** `pseudo` is English with every letter changed and longer: it shows text that is not in the catalogue, and tight layouts. */
export type LocaleName = (typeof locales)[number];

type Head<Tail extends string> = Tail extends `${infer Inner}}${string}`
  ? Inner extends `${infer Name},${string}`
    ? Name
    : Inner
  : never;
type Chunks<Text extends string> = Text extends `${string}{${infer Tail}` ? Head<Tail> | Chunks<Tail> : never;
/** A branch of a plural is not a placeholder: it holds a space or the number sign. */
type Names<Chunk extends string> = Chunk extends `${string} ${string}` | `${string}#${string}`
  ? never
  : Chunk;
/** The placeholders of a message: `{name}` and `{count, plural, …}`. */
export type Placeholders<Id extends WordId> = Names<Chunks<Catalogue[Id]>>;

export type Values<Id extends WordId> = { readonly [Name in Placeholders<Id>]: string | number };
type Given<Id extends WordId> = [Placeholders<Id>] extends [never] ? [] : [values: Values<Id>];

/** The sentence of an id. Values are put in as plain text; names of others go through plain-name.ts before. */
export type Say = <Id extends WordId>(id: Id, ...given: Given<Id>) => string;

/**
 * Lingui turns `\u202e` into that character after it has put the values in, so that a name could bring characters back
 * that plain-name.ts has removed: a backslash in a value travels as this noncharacter, which no value can hold.
 */
const BACKSLASH = '\uFDD0';

/** Makes `say` for a locale. `region` decides numbers and dates (a BCP 47 tag). No code is evaluated: the page's policy forbids it. */
export function createSay(locale: LocaleName, region: string): Say {
  const messages = Object.fromEntries(
    Object.entries(en).map(([id, text]) => [
      id,
      locale === 'pseudo' ? compileMessage(text, pseudo) : compileMessage(text),
    ]),
  );
  const i18n = setupI18n({ locale: 'en', locales: [region, 'en'], messages: { en: messages } });
  return (id, ...given) => {
    const values: Record<string, string | number> = {};
    for (const [name, value] of Object.entries<string | number>(given[0] ?? {}))
      values[name] =
        typeof value === 'string' ? value.replaceAll(BACKSLASH, '').replaceAll('\\', BACKSLASH) : value;
    return i18n._(id, values).replaceAll(BACKSLASH, '\\');
  };
}
