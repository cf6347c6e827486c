import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseFetchItems } from './imap-fetch.ts';
import { parseSearch } from './imap-search.ts';
import { createFramer, parseLine, quote } from './imap-syntax.ts';
import type { FrameEvent, Value } from './imap-syntax.ts';
import { checkPolicy } from './policy.ts';
import { formatSequence, parseSequenceSet, select } from './sequence-set.ts';

const LIMITS = { line: 500, literal: 1000 };

function frame(bytes: Buffer, cuts: readonly number[] = [], limits = LIMITS): readonly FrameEvent[] {
  const framer = createFramer(limits);
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const events: FrameEvent[] = [];
  let at = 0;
  for (const end of [...ends, bytes.length]) {
    events.push(...framer.push(bytes.subarray(at, end)));
    at = end;
  }
  return events;
}

function parseText(text: string): readonly Value[] | string {
  const [line] = frame(Buffer.from(text)).filter((event) => event.kind === 'line');
  if (line === undefined) throw new Error('no whole line');
  const parsed = parseLine(line.segments);
  return parsed.kind === 'values' ? parsed.values : parsed.why;
}

const atom = (text: string): Value => ({ kind: 'atom', text });

test('arguments of every kind', () => {
  expect(parseText('a UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (TO CC)]<0.9>)\r\n')).toEqual([
    atom('a'),
    atom('UID'),
    atom('FETCH'),
    atom('1:*'),
    { kind: 'list', items: [atom('FLAGS'), atom('BODY.PEEK[HEADER.FIELDS (TO CC)]<0.9>')] },
  ]);
  expect(parseText('a LOGIN "x \\"y\\\\" {5+}\r\np w)(\r\n')).toEqual([
    atom('a'),
    atom('LOGIN'),
    { kind: 'quoted', text: 'x "y\\' },
    { kind: 'literal', bytes: Buffer.from('p w)(') },
  ]);
  expect(parseText('a X "" () (())\n')).toEqual([
    atom('a'),
    atom('X'),
    { kind: 'quoted', text: '' },
    { kind: 'list', items: [] },
    { kind: 'list', items: [{ kind: 'list', items: [] }] },
  ]);
});

test.each([
  ['a (', 'unfinished list'],
  ['a )', 'unexpected )'],
  ['a "x', 'unfinished quoted string'],
  ['a BODY[', 'unfinished section'],
  [`a ${'('.repeat(40)}${')'.repeat(40)}`, 'lists nested too deep'],
])('malformed: %s', (line, why) => {
  expect(parseText(`${line}\r\n`)).toBe(why);
});

test('a synchronizing literal asks to go on, {n+} does not, and limits end the stream', () => {
  const kinds = (text: string): readonly string[] => frame(Buffer.from(text)).map(({ kind }) => kind);
  expect(kinds('a APPEND x {3}\r\n')).toEqual(['continue']);
  expect(kinds('a APPEND x {3}\r\nabc\r\n')).toEqual(['continue', 'line']);
  expect(kinds('a APPEND x {0}\r\n\r\nb NOOP\r\n')).toEqual(['continue', 'line', 'line']);
  expect(kinds('a APPEND x {3+}\r\nabc {1+}\r\nz\r\n')).toEqual(['line']);
  expect(kinds('a {1001}\r\nb NOOP\r\n')).toEqual(['overflow']);
  expect(kinds('a {999999999999999}\r\n')).toEqual(['overflow']);
  expect(kinds(`${'x'.repeat(501)}\r\nb NOOP\r\n`)).toEqual(['overflow']);
});

test('any bytes, cut anywhere, give the same events as whole, and parse without throwing', () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .array(
        fc.constantFrom(
          'a',
          ' ',
          '(',
          ')',
          '"',
          '\\',
          '[',
          ']',
          '{3}\r\n',
          '{2+}\r\n',
          '\r',
          '\n',
          '\r\n',
          '\0',
          'é',
        ),
        {
          maxLength: 80,
        },
      )
      .map((parts) => new Uint8Array(Buffer.from(parts.join('')))),
  );
  fc.assert(
    fc.property(noise, fc.array(fc.nat(400), { maxLength: 12 }), (bytes, cuts) => {
      const whole = frame(Buffer.from(bytes));
      expect(frame(Buffer.from(bytes), cuts)).toEqual(whole);
      for (const event of whole) {
        if (event.kind === 'line') parseLine(event.segments);
      }
    }),
    { numRuns: 1500 },
  );
});

test('what is written is what is read', () => {
  const { value } = fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.stringMatching(/^[A-Za-z0-9:*,.\\+-]+$/).map(atom),
      fc
        .string({ unit: 'binary' })
        .map((text): Value => ({ kind: 'quoted', text: text.replace(/[\r\n\ud800-\udfff]/g, '') })),
      fc
        .uint8Array({ maxLength: 50 })
        .map((bytes): Value => ({ kind: 'literal', bytes: Buffer.from(bytes) })),
      fc.array(tie('value'), { maxLength: 4 }).map((items): Value => ({ kind: 'list', items })),
    ),
  }));
  const write = (one: Value): Buffer => {
    switch (one.kind) {
      case 'atom':
        return Buffer.from(one.text);
      case 'quoted':
        return Buffer.from(quote(one.text));
      case 'literal':
        return Buffer.concat([Buffer.from(`{${one.bytes.length}+}\r\n`), one.bytes]);
      case 'list':
        return Buffer.concat([
          Buffer.from('('),
          ...one.items.flatMap((item) => [write(item), Buffer.from(' ')]),
          Buffer.from(')'),
        ]);
    }
  };
  fc.assert(
    fc.property(
      fc.array(value, { maxLength: 5 }),
      fc.array(fc.nat(2000), { maxLength: 6 }),
      (values, cuts) => {
        const bytes = Buffer.concat([
          ...values.flatMap((one) => [write(one), Buffer.from(' ')]),
          Buffer.from('\r\n'),
        ]);
        const events = frame(bytes, cuts, { line: 1 << 20, literal: 1 << 20 });
        expect(events).toHaveLength(1);
        const [event] = events;
        expect(event?.kind === 'line' ? parseLine(event.segments) : null).toEqual({ kind: 'values', values });
      },
    ),
    { numRuns: 200 },
  );
});

test('sequence sets', () => {
  const pick = (text: string, sorted: readonly number[]): readonly number[] | null => {
    const set = parseSequenceSet(text);
    return set && select(set, sorted);
  };
  expect(pick('1:3,7', [1, 2, 5, 7])).toEqual([1, 2, 7]);
  expect(pick('9:*', [1, 5])).toEqual([5]);
  expect(pick('*', [1, 5])).toEqual([5]);
  expect(pick('*:2', [1, 2, 5])).toEqual([2, 5]);
  expect(pick('5:1', [1, 5])).toEqual([1, 5]);
  expect(pick('1:*', [])).toEqual([]);
  for (const text of ['', '0', '1:', ':', '1,,2', 'a', '1:2:3', '-1', '99999999999'])
    expect(parseSequenceSet(text)).toBeNull();
});

test('a written sequence names exactly its members', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 300 }), { minLength: 1 }),
      fc.uniqueArray(fc.integer({ min: 1, max: 300 })),
      (members, others) => {
        const sorted = [...members].sort((a, b) => a - b);
        const universe = [...new Set([...members, ...others])].sort((a, b) => a - b);
        const set = parseSequenceSet(formatSequence(sorted));
        expect(set && select(set, universe)).toEqual(sorted);
      },
    ),
  );
});

test('FETCH items, search keys and the relay policy take any input without throwing', () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom(
      'BODY[]',
      'BODY.PEEK[HEADER.FIELDS (A B)]',
      'BODY[TEXT]<1.2>',
      'BODY[',
      'FAST',
      'NOT',
      'OR',
      'UID',
      '1:*',
      'SINCE',
      'HEADER',
      'ALL',
    ),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), (words) => {
      const items = parseFetchItems(words);
      expect(items === null || Array.isArray(items)).toBe(true);
      const criterion = parseSearch(words.map(atom), [1, 2, 3]);
      const mail = {
        uid: 2,
        raw: Buffer.from('A: b\r\n\r\n'),
        flags: new Set<string>(),
        receivedAt: 0,
        modseq: 1,
      };
      expect(['boolean', 'object']).toContain(typeof (criterion && criterion(mail)));
    }),
  );
  const template = (armor: string): string =>
    `From: <a@b.c>\r\nContent-Type: multipart/encrypted; boundary="b"\r\n\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n\r\n` +
    `--b\r\nContent-Type: application/octet-stream\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n\r\n${armor}\r\n-----END PGP MESSAGE-----\r\n\r\n--b--\r\n`;
  const refused = (raw: string): number | undefined =>
    checkPolicy('chatmail', { from: 'a@b.c', to: [], raw: Buffer.from(raw), at: 0 })?.code;
  // One encrypted-data packet (tag 18) of three bytes is taken; a literal-data packet (tag 11) is not.
  expect(refused(template(Buffer.from([0xd2, 3, 1, 2, 3]).toString('base64')))).toBeUndefined();
  expect(refused(template(Buffer.from([0xcb, 3, 1, 2, 3]).toString('base64')))).toBe(523);
  expect(refused(template(Buffer.from([0xd2, 4, 1, 2, 3]).toString('base64')))).toBe(523);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.string(), (packets, noise) => {
      expect([undefined, 523]).toContain(refused(template(Buffer.from(packets).toString('base64'))));
      expect([500, 523]).toContain(refused(noise));
    }),
  );
});
