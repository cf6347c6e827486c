import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { htmlText } from './html-text.ts';

test.each([
  ['<p>one</p><p>two &amp; three</p>', 'one\n\ntwo & three'],
  ['<head><title>no</title></head><body>yes</body>', 'yes'],
  ['a<script>alert("x")</script>b<style>p{}</style>c', 'abc'],
  ['a<script>never closed', 'a'],
  ['a<!-- hidden -->b<!-- open', 'ab'],
  ['1 < 2 &#60;b&#x3E; &bogus; &#0; &#1114112;', '1 < 2 <b> &bogus;'],
  ['line<br>break   and\n\tblanks', 'line\nbreak and blanks'],
  ['<p>cut <b', 'cut'],
  ['</>x</ p>', 'x'],
])('%j reads %j', (html, text) => expect(htmlText(html)).toBe(text));

const word = fc.stringMatching(/^[a-z]{1,8}$/);

test('words come through every element, and what is inside silent ones never does', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(word, fc.constantFrom('b', 'i', 'span', 'font color=red'), word)),
      (parts) => {
        const html = parts
          .map(([text, tag, hidden]) => `<${tag}>${text}</${tag}><style>${hidden}</style> `)
          .join('');
        expect(htmlText(html)).toBe(parts.map(([text]) => text).join(' '));
      },
    ),
  );
});

test('never throws', () => {
  const piece = fc.constantFrom(
    '<',
    '>',
    '</',
    '<script>',
    '<!--',
    '-->',
    '<p>',
    '&lt;',
    '&#60;',
    '&#xd800;',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), piece)), (parts) => {
      expect(typeof htmlText(parts.join(''))).toBe('string');
    }),
  );
});

test('reads a million characters of nonsense at once', () => {
  const started = performance.now();
  for (const piece of ['<script', '<', '<script>', '<!--', '&#1;']) htmlText(piece.repeat(200_000));
  expect(performance.now() - started).toBeLessThan(5_000);
});
