import fc from 'fast-check';
import { entropyToMnemonic, validateMnemonic } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { describe, expect, test, vi } from 'vitest';
import { codeKinds, comparedCodes } from '../code.ts';
import { codes } from '../test/codes.ts';
import { compare, wordsAloud, type Judgement } from './compare.ts';
import type { FlowAnswer } from './flow.ts';

const shown = {
  theirs: 'THEIRS',
  values: [{ of: 'both', number: '1', words: ['abandon'] }],
  code: new Uint8Array([1]),
  accepts: comparedCodes.nostr,
} as const;
const npub = new TextEncoder().encode(String(codes['nostr-key'][0]));

async function run(judge: (code: Uint8Array) => Judgement, ...answers: readonly (FlowAnswer | undefined)[]) {
  const steps = compare(shown, judge);
  const matched: boolean[] = [];
  let next = await steps.next();
  for (const answer of answers) {
    if (next.done) break;
    if (next.value.kind === 'compare') matched.push(next.value.matched);
    next = await steps.next(answer);
  }
  return { matched, end: next.done ? next.value : null };
}

describe('a comparison', () => {
  test('ends with what the person says', async () => {
    expect((await run(() => 'match', { kind: 'yes' })).end).toEqual({ kind: 'same', by: 'number' });
    expect((await run(() => 'match', { kind: 'no' })).end).toEqual({ kind: 'failed', why: 'numbers-differ' });
    expect((await run(() => 'match', undefined)).end).toEqual({ kind: 'failed', why: 'cancelled' });
  });
  test('AT-09 a code that fits still needs the person; one that does not marks nobody', async () => {
    const code = { kind: 'code', code: npub } as const;
    expect(await run(() => 'match', code, { kind: 'yes' })).toEqual({
      matched: [false, true],
      end: { kind: 'same', by: 'code' },
    });
    expect((await run(() => 'match', code, code)).end).toEqual({ kind: 'failed', why: 'cancelled' });
    for (const [said, why] of [
      ['differs', 'code-differs'],
      ['own', 'code-own'],
      ['unreadable', 'code-malformed'],
    ] as const)
      expect(await run(() => said, code)).toEqual({ matched: [false], end: { kind: 'failed', why } });
  });
  test('AT-13 a code of another kind is not even looked at', async () => {
    const judge = vi.fn<() => Judgement>(() => 'match');
    for (const kind of codeKinds) {
      if ((shown.accepts as readonly string[]).includes(kind)) continue;
      for (const each of codes[kind]) {
        const code = typeof each === 'string' ? new TextEncoder().encode(each) : each;
        expect((await run(judge, { kind: 'code', code })).end).toEqual({
          kind: 'failed',
          why: 'code-of-another-kind',
        });
      }
    }
    expect(judge).not.toHaveBeenCalled();
  });
});

describe('words to read aloud', () => {
  test('are BIP-39’s of the same bytes, without its checksum', () => {
    const bytes = Uint8Array.from({ length: 32 }, (_, at) => at * 7);
    const phrase = entropyToMnemonic(bytes, wordlist).split(' ');
    const aloud = wordsAloud(bytes);
    expect(aloud).toHaveLength(24);
    expect(aloud.slice(0, 23)).toEqual(phrase.slice(0, 23));
    expect(validateMnemonic(aloud.join(' '), wordlist)).toBe(false);
  });
  test('say every bit: other bytes are other words', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 20, maxLength: 32 }),
        fc.nat(),
        fc.integer({ min: 0, max: 7 }),
        (bytes, place, bit) => {
          const other = Uint8Array.from(bytes);
          const at = place % bytes.length;
          other[at] = (bytes[at] ?? 0) ^ (1 << bit);
          expect(wordsAloud(other)).not.toEqual(wordsAloud(bytes));
          expect(wordsAloud(bytes)).toHaveLength(Math.ceil((bytes.length * 8) / 11));
        },
      ),
    );
  });
});
