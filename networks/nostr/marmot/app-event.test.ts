import { expect, test } from 'vitest';
import fc from 'fast-check';
import type { EventId } from '../event.ts';
import { signEvent } from '../event.ts';
import { freshSecretKey, publicKeyOf } from '../keys.ts';
import { encodeAppEvent, MAX_APP_EVENT_BYTES, readAppEvent } from './app-event.ts';
import { appMessageDraft, readAppMessage, type AppMessage } from './app-message.ts';

const secret = freshSecretKey();
const me = publicKeyOf(secret);
const other = publicKeyOf(freshSecretKey());
const id = (digit: string): EventId => digit.repeat(64) as EventId;
const utf8 = (text: string): Uint8Array => Buffer.from(text, 'utf8');

const known: readonly Exclude<AppMessage, { readonly kind: 'unknown' }>[] = [
  { kind: 'text', text: 'hello\n"\\\u2028 👍', replyTo: null, files: 0 },
  { kind: 'text', text: '', replyTo: id('a'), files: 0 },
  { kind: 'reaction', target: id('b'), emoji: '👩‍👩‍👧' },
  { kind: 'delete', targets: [id('c'), id('d')] },
  { kind: 'edit', target: id('e'), text: 'better' },
];

test('what a member says reads back', () => {
  for (const message of known) {
    const { event, bytes } = encodeAppEvent(me, appMessageDraft(message, 1_800_000_000));
    expect(readAppEvent(bytes, me)).toEqual({ kind: 'event', event });
    expect(readAppMessage(event)).toEqual(message);
    expect(Object.keys(JSON.parse(Buffer.from(bytes).toString()) as object)).toHaveLength(6);
  }
});

test('nobody speaks for another member', () => {
  const { bytes } = encodeAppEvent(
    other,
    appMessageDraft({ kind: 'text', text: 'x', replyTo: null, files: 0 }, 1),
  );
  expect(readAppEvent(bytes, me)).toEqual({ kind: 'refused', why: 'other-author' });
});

test('exactly the six members, each once, and the right id', () => {
  const { event, bytes } = encodeAppEvent(me, { created_at: 1_000, kind: 9, tags: [], content: 'x' });
  const text = Buffer.from(bytes).toString();
  const bad = [
    JSON.stringify(signEvent(event, secret)),
    JSON.stringify({ ...event, v: 1 }),
    JSON.stringify({ ...event, content: undefined }),
    text.replace('"content":"x"', '"content":"y","content":"x"'),
    text.replace('"content":"x"', '"content":"y"'),
    text.replace('"created_at":1000', '"created_at":1e3'),
    text.replace('"created_at":1000', '"created_at":1000.0'),
    text.replace('"kind":9', '"kind":9.0'),
    text.replace(me, me.toUpperCase()),
    text.replace('[]', '[[1]]'),
    `\ufeff${text}`,
    `[${text}]`,
    '',
  ];
  for (const one of bad) expect(readAppEvent(utf8(one), me)).toEqual({ kind: 'refused', why: 'malformed' });
  // Another spelling of the same JSON is the same event.
  expect(readAppEvent(utf8(JSON.stringify(event, null, 2).replace('"x"', '"\\u0078"')), me)).toEqual({
    kind: 'event',
    event,
  });
  expect(readAppEvent(Uint8Array.from([0x22, 0xff, 0x22]), me).kind).toBe('refused');
});

test('too much is refused both ways', () => {
  const long = 'x'.repeat(MAX_APP_EVENT_BYTES);
  expect(() => encodeAppEvent(me, { created_at: 1, kind: 9, tags: [], content: long })).toThrow('too long');
  expect(readAppEvent(utf8(`{"content":"${long}"}`), me)).toEqual({ kind: 'refused', why: 'malformed' });
});

test('unknown kinds are taken; a known kind without what it needs is unknown', () => {
  const read = (kind: number, tags: readonly (readonly string[])[], content = ''): AppMessage =>
    readAppMessage(encodeAppEvent(me, { created_at: 1, kind, tags, content }).event);
  for (const kind of [1, 1068, 1210, 4891, 65_535])
    expect(read(kind, [])).toEqual({ kind: 'unknown', eventKind: kind });
  const e = ['e', id('a')];
  for (const [kind, tags, content] of [
    [7, [], '+'],
    [7, [e, ['e', id('b')]], '+'],
    [7, [e], 'x'.repeat(65)],
    [7, [e], 'a\u0007'],
    [7, [e], 'two words'],
    [5, [], ''],
    [5, [['e', 'short']], ''],
    [1009, [], 'x'],
  ] as const)
    expect(read(kind, tags, content)).toEqual({ kind: 'unknown', eventKind: kind });
  expect(read(7, [e], '+')).toEqual({ kind: 'reaction', target: id('a'), emoji: '👍' });
  expect(read(7, [e], '-')).toEqual({ kind: 'reaction', target: id('a'), emoji: '👎' });
  expect(read(9, [['q', id('a')]], 'x')).toMatchObject({ replyTo: id('a') });
  expect(
    read(
      9,
      [
        ['e', 'nonsense'],
        ['imeta', 'v encrypted-media-v2'],
        ['p', other],
      ],
      'x',
    ),
  ).toEqual({
    kind: 'text',
    text: 'x',
    replyTo: null,
    files: 1,
  });
});

test('no bytes make the readers throw', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void readAppEvent(bytes, me)));
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(readAppEvent(utf8(text), me).kind).toBe('refused');
    }),
  );
  const tags = fc.array(fc.array(fc.oneof(fc.constantFrom('e', 'q', 'imeta', id('a')), fc.string())));
  const kinds = fc.constantFrom(5, 7, 9, 1009, 1210);
  fc.assert(
    fc.property(kinds, tags, fc.string(), (kind, some, content) => {
      const { event, bytes } = encodeAppEvent(me, { created_at: 1, kind, tags: some, content });
      expect(readAppEvent(bytes, me)).toEqual({ kind: 'event', event });
      readAppMessage(event);
    }),
  );
});
