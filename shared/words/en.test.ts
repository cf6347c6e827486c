import { compileMessage } from '@lingui/message-utils/compileMessage';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { disclosures } from './disclosure.ts';
import { en } from './en.ts';
import { pseudo } from './pseudo.ts';

const MAX_WORDS = 12;
/** One thought to a sentence: no more commas than an enumeration needs. */
const MAX_COMMAS = 2;
const entries = Object.entries(en);

type Token = string | readonly unknown[];

/** Every text a message can become, with one word for each placeholder; a plural gives one text per branch. */
function texts(message: string): readonly string[] {
  const render = (tokens: readonly Token[]): readonly string[] =>
    tokens.reduce<readonly string[]>(
      (starts, token) => {
        const ends = typeof token === 'string' ? [token] : branches(token);
        return starts.flatMap((start) => ends.map((end) => start + end));
      },
      [''],
    );
  const branches = ([, type, choices]: readonly unknown[]): readonly string[] =>
    type === undefined
      ? ['Alice']
      : Object.entries(choices as Record<string, readonly Token[] | undefined>)
          .filter(([key]) => key !== 'offset')
          .flatMap(([, tokens]) => render(tokens ?? []));
  return render(compileMessage(message));
}

function placeholders(tokens: readonly Token[]): readonly string[] {
  return tokens.flatMap((token) => (typeof token === 'string' ? [] : [String(token[0])])).toSorted();
}

/** Sentences end in a full stop, question mark or exclamation mark before a space or the end. */
const sentences = (text: string): readonly string[] =>
  text.split(/(?<=[.?!])\s+/u).filter((sentence) => sentence.trim() !== '');
const words = (sentence: string): readonly string[] =>
  sentence.split(/[\s·]+/u).filter((word) => /[\p{L}\p{N}#]/u.test(word));

const banned: readonly RegExp[] = [
  /\b(?:in)?secur(?:e|ely|ity)\b/iu,
  /\b(?:un)?safe(?:ly|ty)?\b/iu,
  /(?<!end-to-end )\b(?:un)?encrypted\b/iu,
  /\b(?:military|bank)[- ]grade\b/iu,
  /\bunbreakable\b/iu,
  /\btrusted?\b/iu,
];

/** What other programs call their own things, where a person must find them by that name. */
const namesOfOthers: Readonly<Record<string, string>> = {
  'check.number.signal': 'safety number', // Signal's
};

const isNameOfOthers = (found: string): boolean =>
  Object.entries(namesOfOthers).some(
    ([id, name]) =>
      found.startsWith(`${id}: `) &&
      banned.every((word) => !word.test(found.slice(found.lastIndexOf(' in ')).replace(name, ''))),
  );

/** Ids of messages of which `faults` finds any, with what it found. */
function offenders(faults: (text: string) => readonly unknown[]): readonly string[] {
  return entries.flatMap(([id, message]) =>
    texts(message).flatMap((text) => faults(text).map((fault) => `${id}: ${String(fault)} in ${text}`)),
  );
}

describe('every English message', () => {
  it('is there once: no two files use the same id', () => {
    const folder = fileURLToPath(new URL('./en', import.meta.url));
    const ids = readdirSync(folder).flatMap((file) =>
      [...readFileSync(join(folder, file), 'utf8').matchAll(/^ {2}'([^']+)':/gmu)].map((match) => match[1]),
    );
    expect(ids.length).toBe(entries.length);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it(`has at most ${MAX_WORDS} words a sentence, and one thought`, () => {
    expect(
      offenders((text) =>
        sentences(text).filter(
          (sentence) =>
            words(sentence).length > MAX_WORDS ||
            sentence.split(',').length - 1 > MAX_COMMAS ||
            /[;—]/u.test(sentence),
        ),
      ),
    ).toEqual([]);
  });

  it('says nothing that claims more than is known', () => {
    const found = offenders((text) => banned.filter((word) => word.test(text)));
    expect(found.filter((each) => !isNameOfOthers(each))).toEqual([]);
    // The patterns find what they are for.
    for (const bad of [
      'This is secure.',
      'A safe place',
      'Messages are encrypted',
      'military-grade',
      'a trusted server',
    ])
      expect(
        banned.some((word) => word.test(bad)),
        bad,
      ).toBe(true);
    expect(banned.some((word) => word.test('It is end-to-end encrypted'))).toBe(false);
  });

  it('is clean text, with typographic marks: ICU gives the straight apostrophe a meaning', () => {
    expect(
      entries.filter(([, message]) => message.trim() !== message || /['"`<>]| {2}|\.\.\./u.test(message)),
    ).toEqual([]);
  });
});

describe('the pseudo-locale', () => {
  it('has the same placeholders everywhere, and no English left', () => {
    for (const [id, message] of entries) {
      const plain: readonly Token[] = compileMessage(message);
      const changed: readonly Token[] = compileMessage(message, pseudo);
      expect(placeholders(changed), id).toEqual(placeholders(plain));
      expect(changed.filter((token) => typeof token === 'string').join(''), id).not.toMatch(/[a-z]/iu);
    }
  });

  it('is longer', () => {
    const length = (map: (text: string) => string): number =>
      entries.reduce((sum, [, message]) => sum + map(message).length, 0);
    expect(length(pseudo)).toBeGreaterThan(1.25 * length((text) => text));
  });
});

describe('codes of the contract', () => {
  it('every statement of a disclosure is a message', () => {
    for (const { statements, version } of Object.values(disclosures)) {
      expect(version).toBeGreaterThan(0);
      for (const id of statements) expect(en).toHaveProperty([id]);
    }
  });

  it('every message that the program names is there', () => {
    // Ids that are built (`limit.${code}`) are checked by the compiler; here: whole ids given as text anywhere in the program.
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const missing: string[] = [];
    for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
      if (
        !/^(?:shared|renderer|browser|electron|worker)\/.*\.tsx?$/u.test(file) ||
        /node_modules|\.test\./u.test(file)
      )
        continue;
      for (const match of readFileSync(join(root, file), 'utf8').matchAll(/\bsay\(\s*'([^']+)'/gu))
        if (!Object.hasOwn(en, match[1] ?? '')) missing.push(`${file}: ${match[1]}`);
    }
    expect(missing).toEqual([]);
  });
});
