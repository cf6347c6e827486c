import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_CODE } from '../code.ts';
import { linkIn, outsideLink, ownArguments } from './outside-link.ts';

const KEY = 'nostr:npub10elfcs4fr0l0r8af98jlmgdh9c8tcxjvz9qkw038js35mp4dma8qzvjptg';
const INVITE = 'OPENPGP4FPR:1234567890ABCDEF1234567890ABCDEF12345678#a=alice%40example.org&n=Alice&i=x&s=y';

describe('a link from outside', () => {
  it.each([KEY, INVITE, 'nostr:note1qqqqqqqqqqqqqqq', 'openpgp4fpr:1234'])('is taken up: %s', (link) => {
    expect(outsideLink(link)).toBe(link);
    expect(linkIn(['plainseal', link])).toBe(link);
    expect(linkIn(['plainseal', '--profile=/a', '--', link])).toBe(link);
  });

  it.each([
    'sgnl://linkdevice?uuid=x&pub_key=y',
    'tsdevice:/?uuid=x&pub_key=y',
    'plainseal:anything',
    'https://signal.me/#p/+1',
    'https://i.delta.chat/#1234',
    'mailto:a@example.org',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'nostr:nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5',
    'nostr:ncryptsec1qgg9947rlpvqu76pj5ecreduf9jxhselq2nae2kghhvd5g7dgjtcxfqtd67p9m0w57lspw8gsq6yphnm8623nsl8xn9j4jdzz84zm3frztj3z7s35vpzmqf6ksu8r89qk5z2zxfmu5gv8th8wclt0h4p',
    `${KEY} --test`,
    `${KEY}"`,
    `${KEY}\n`,
    `${KEY}\\`,
    `${KEY}é`,
    ` ${KEY}`,
    `nostr:${'q'.repeat(MAX_CODE)}`,
    '',
    null,
    undefined,
    7,
    [KEY],
    { toString: () => KEY },
  ])('is not: %j', (given) => {
    expect(outsideLink(given)).toBeNull();
  });

  it.each([
    ['beside another', [KEY, INVITE]],
    ['before an option', [KEY, '--test']],
    ['before an end of options', [KEY, '--']],
    ['behind two ends', ['--', '--', KEY]],
    ['behind a link of another scheme', ['sgnl://linkdevice?uuid=x', KEY]],
    ['as the value of an option', [`--profile=${KEY}`]],
  ])('is not taken from a command line where it stands %s', (_, argv) => {
    expect(linkIn(['plainseal', ...argv])).toBeNull();
  });

  const argument = fc.oneof(
    fc.string({ maxLength: 40, unit: 'binary' }),
    fc.constantFrom(
      KEY,
      INVITE,
      '--',
      '--test',
      '--profile=/evil',
      '.',
      'C:\\Plainseal.exe',
      'sgnl://linkdevice?u=x',
    ),
    fc.webUrl(),
  );

  it('is whole, alone and last on every command line that it is taken from; no option behind it is read', () => {
    fc.assert(
      fc.property(fc.array(argument, { maxLength: 6 }), (argv) => {
        const link = linkIn(argv);
        const own = ownArguments(argv);
        expect(argv.slice(0, own.length)).toEqual(own);
        expect(own.some((one) => one === '--' || one === KEY || one === INVITE)).toBe(false);
        if (link === null) return;
        expect(argv.indexOf(link)).toBe(argv.length - 1);
        expect(argv.slice(own.length, -1)).toEqual(argv.at(-2) === '--' ? ['--'] : []);
        expect(link).toMatch(/^(?:nostr|openpgp4fpr):[!#-~]*$/iu);
        expect(link).not.toMatch(/nsec1|ncryptsec1|linkdevice/iu);
      }),
      { numRuns: 2_000 },
    );
  });
});
