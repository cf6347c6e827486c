import * as fc from 'fast-check';
import { decodeWords } from 'postal-mime';
import { describe, expect, test } from 'vitest';
import { canonicalAddress, displayName, domainOf, onlyMailbox, readMailboxes } from './address.ts';
import {
  HEADER_LIMIT_BYTES,
  onlyValue,
  readFields,
  readMessageIds,
  readParameters,
  valuesOf,
} from './header-block.ts';
import {
  encodeText,
  formatDate,
  formatMailbox,
  formatParameter,
  outerDate,
  OUTER_DATE_SPREAD_MS,
  readDate,
  writeHeader,
} from './header-field.ts';
import { decodedBody, readPart } from './part.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const words = fc.string({ unit: 'grapheme', maxLength: 200 }).filter((text) => text.isWellFormed());

describe('addresses', () => {
  test.each([
    ['me@example.org', 'me@example.org'],
    [' Me+Tag@EXAMPLE.org ', 'me+tag@example.org'],
    ['jörg@münchen.example', 'jörg@münchen.example'],
    ['me@localhost', 'me@localhost'],
    ['me', null],
    ['@example.org', null],
    ['me@-x.org', null],
    ['me@x-.org', null],
    ['me@x..org', null],
    ['"me you"@example.org', null],
    ['me@[127.0.0.1]', null],
    ['me@example.org>', null],
    [`${'a'.repeat(320)}@b.c`, null],
  ])('%j is %j', (text, wanted) => expect(canonicalAddress(text)).toBe(wanted));

  test('the domain is what follows the last @', () => expect(domainOf('a@b.c')).toBe('b.c'));

  test('lists are read with groups opened and nonsense left out', () => {
    expect(readMailboxes('"A, B" <a@b.c>, Group: x@y.z, nobody;, =?utf-8?B?w4Q=?= <d@e.f>')).toEqual([
      { name: 'A, B', address: 'a@b.c' },
      { name: '', address: 'x@y.z' },
      { name: 'Ä', address: 'd@e.f' },
    ]);
    expect(readMailboxes('a@b.c,'.repeat(20_000))).toEqual([]);
    expect(onlyMailbox(['a@b.c'])).toEqual({ name: '', address: 'a@b.c' });
    for (const values of [[], ['a@b.c', 'a@b.c'], ['a@b.c, d@e.f'], ['']])
      expect(onlyMailbox(values)).toBeNull();
  });

  test('never throw', () => {
    fc.assert(
      fc.property(
        fc.string(),
        (text) => void [readMailboxes(text), canonicalAddress(text), displayName(text)],
      ),
    );
  });

  test('a display name is one short line', () => {
    expect(displayName(' a\r\n\tb\u202e ')).toBe('a b');
    expect(displayName('x'.repeat(1_000))).toHaveLength(200);
  });
});

describe('header blocks', () => {
  test('unfold, keep order, leave out what is no field', () => {
    const fields = readFields(
      bytes(' stray\r\nA: 1\r\n 2\r\n\t3\nno field\r\n folded on nothing\r\nB : x\r\nA:\r\n\r\nC: body'),
    );
    expect(fields).toEqual([
      { name: 'a', value: '1 2\t3' },
      { name: 'b', value: 'x' },
      { name: 'a', value: '' },
    ]);
    expect(valuesOf(fields ?? [], 'a')).toEqual(['1 2\t3', '']);
    expect(onlyValue(fields ?? [], 'a')).toBeNull();
    expect(onlyValue(fields ?? [], 'b')).toBe('x');
    expect(onlyValue(fields ?? [], 'c')).toBeNull();
  });

  test('read UTF-8 and, where it is none, Latin-1', () => {
    expect(readFields(Buffer.from('S: ä'))).toEqual([{ name: 's', value: 'ä' }]);
    expect(readFields(bytes('S: \xe4'))).toEqual([{ name: 's', value: 'ä' }]);
  });

  test('have bounds', () => {
    expect(readFields(new Uint8Array(HEADER_LIMIT_BYTES + 1))).toBeNull();
    expect(readFields(bytes('A: b\r\n'.repeat(1_001)))).toBeNull();
    expect(readFields(bytes('A: b\r\n'.repeat(1_000)))).toHaveLength(1_000);
  });

  test('parameters', () => {
    const { main, parameters } = readParameters(
      'Multipart/Mixed; Boundary="a;\\"b"; x=y ; x=z; empty=; "bad"; c = d',
    );
    expect(main).toBe('multipart/mixed');
    expect(Object.fromEntries(parameters)).toEqual({ boundary: 'a;"b', x: 'y', empty: '' });
    expect(readParameters('text/plain')).toEqual({ main: 'text/plain', parameters: new Map() });
  });

  test('Message-IDs', () => {
    expect(readMessageIds('<a@b> nonsense <c d> <> <e@f><(x)>')).toEqual(['a@b', 'e@f']);
    expect(readMessageIds('<a@b>'.repeat(500))).toHaveLength(100);
  });

  test('never throw', () => {
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.string(),
        (block, text) => void [readFields(block), readParameters(text), readMessageIds(text)],
      ),
    );
  });
});

describe('fields', () => {
  test('nothing breaks out of its line', () => {
    expect(
      writeHeader([
        ['A', 'b'],
        ['C', 'd\r\n e'],
      ]),
    ).toBe('A: b\r\nC: d\r\n e\r\n');
    for (const value of ['a\r\nb: c', 'a\nb', 'a\rb', 'a\0b', 'ä', 'a\r\n'])
      expect(() => writeHeader([['A', value]])).toThrow(RangeError);
    for (const name of ['', 'A B', 'A:', '1']) expect(() => writeHeader([[name, 'x']])).toThrow(RangeError);
  });

  test('text comes back as it was, on one line', () => {
    fc.assert(
      fc.property(words, (text) => {
        const encoded = encodeText(text);
        writeHeader([['Subject', encoded]]);
        const read = decodeWords(encoded.replaceAll('\r\n', ''));
        expect(read.replace(/\s+/g, ' ').trim()).toBe(
          text
            .replace(/[\r\n\t\0]+/g, ' ')
            .replace(/\s+/g, ' ')
            .trim(),
        );
      }),
    );
    const long = 'ä😀'.repeat(60);
    expect(encodeText(long)).toContain('?=\r\n =?utf-8?B?');
    expect(decodeWords(encodeText(long).replaceAll('\r\n', ''))).toBe(long);
    expect(encodeText('=?x?=')).toMatch(/^=\?utf-8\?B\?/);
  });

  test('names come back as they were', () => {
    fc.assert(
      fc.property(words, (name) => {
        const [mailbox] = readMailboxes(formatMailbox(name, 'a@b.c').replaceAll('\r\n', ''));
        expect(mailbox?.address).toBe('a@b.c');
        writeHeader([['From', formatMailbox(name, 'a@b.c')]]);
      }),
    );
    expect(formatMailbox('', 'a@b.c')).toBe('<a@b.c>');
    expect(formatMailbox('A "B"\\', 'a@b.c')).toBe('"A \\"B\\"\\\\" <a@b.c>');
  });

  test('file names come back as they were', () => {
    expect(formatParameter('filename', 'a "b".txt')).toBe('filename="a \\"b\\".txt"');
    expect(formatParameter('filename', "ä'(1)*.txt")).toBe("filename*=utf-8''%C3%A4%27%281%29%2A.txt");
    const long = formatParameter('filename', 'ä'.repeat(100));
    expect(long).toMatch(/^filename\*0\*=utf-8''/);
    expect(long).toContain(';\r\n filename*1*=');
    fc.assert(
      fc.property(
        words,
        (name) =>
          void writeHeader([['Content-Disposition', `attachment; ${formatParameter('filename', name)}`]]),
      ),
    );
  });

  test('dates', () => {
    const now = Date.UTC(2026, 10, 25, 8, 0, 0);
    expect(formatDate(now)).toBe('Wed, 25 Nov 2026 08:00:00 +0000');
    expect(readDate(formatDate(now), now)).toBe(now);
    expect(readDate('Wed, 25 Nov 2026 09:00:00 +0100 (CET)', now)).toBe(now);
    expect(readDate('Wed, 25 Nov 2099 09:00:00 +0100', now)).toBe(now);
    for (const value of [null, '', 'nonsense', 'x'.repeat(300), 'Wed, 25 Nov 1800 09:00:00 +0000'])
      expect(readDate(value, now)).toBeNull();
    expect(outerDate(now, 0)).toBe(now);
    expect(outerDate(now, 0.999999)).toBeGreaterThan(now - OUTER_DATE_SPREAD_MS - 1);
  });
});

describe('parts', () => {
  const shape = (text: string) =>
    readPart(bytes(text))?.parts.map((part) => Buffer.from(part.body).toString('latin1'));

  test('are split at their boundaries', () => {
    const head = 'Content-Type: multipart/mixed; boundary="b"\r\n\r\n';
    expect(shape(`${head}preamble\r\n--b\r\n\r\none\r\n--b \r\n\r\ntwo\r\n--b--\r\nepilogue`)).toEqual([
      'one',
      'two',
    ]);
    expect(shape(`${head}--b\n\none\n--bx\n--b--`)).toEqual(['one\n--bx']);
    expect(shape(`${head}--b\r\n\r\nopen end`)).toEqual(['open end']);
    expect(shape(`${head}--b`)).toEqual([]);
    expect(shape(`${head}no boundary x--b\r\n`)).toEqual([]);
    expect(shape(`${head}${'--b\r\n\r\nx\r\n'.repeat(40)}--b--`)).toEqual([]);
    expect(shape('Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\none')).toEqual([]);
    expect(shape('\r\nno header')).toEqual([]);
    expect(shape('\nno header')).toEqual([]);
    expect(shape('A: b')).toEqual([]);
  });

  test('stop at four levels', () => {
    const deep = (level: number): string =>
      level === 0
        ? 'Content-Type: text/plain\r\n\r\nx'
        : `Content-Type: multipart/mixed; boundary=b${level}\r\n\r\n--b${level}\r\n${deep(level - 1)}\r\n--b${level}--`;
    let depth = 0;
    for (let part = readPart(bytes(deep(9))); part; part = part.parts[0] ?? null) depth += 1;
    expect(depth).toBe(5);
  });

  test('are refused with a header too large, at any level', () => {
    const huge = `X: ${'y'.repeat(HEADER_LIMIT_BYTES)}\r\n\r\n`;
    expect(readPart(bytes(huge))).toBeNull();
    expect(
      readPart(bytes(`Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n${huge}\r\n--b--`)),
    ).toBeNull();
  });

  test('are decoded', () => {
    const body = (encoding: string, text: string) =>
      Buffer.from(
        decodedBody(readPart(bytes(`Content-Transfer-Encoding: ${encoding}\r\n\r\n${text}`)) as never),
      ).toString('latin1');
    expect(body('BASE64', 'YWJj\r\nZA==')).toBe('abcd');
    expect(body('quoted-printable', 'a=3Db  \r\nc=\r\nd=zz')).toBe('a=b\r\ncd=zz');
    expect(body('8bit', 'a=3D')).toBe('a=3D');
  });

  test('never throw', () => {
    const piece = fc.constantFrom(
      'Content-Type: multipart/mixed; boundary=b\r\n',
      '\r\n',
      '\n',
      '--b\r\n',
      '--b--',
      'x',
      ': ',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string())), (pieces) => {
        const part = readPart(Buffer.from(pieces.join('')));
        if (part) decodedBody(part);
      }),
    );
  });
});
