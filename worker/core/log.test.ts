import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLog, redact } from './log.ts';

test('codes and numbers stay; whatever could be somebody\u2019s is only counted', () => {
  expect(redact({ kind: 'conflict', ms: 12, ok: true })).toEqual({ kind: 'conflict', ms: 12, ok: true });
  for (const text of [
    'alice@example.org',
    'Hello there',
    '45C665E45FF91314A7F015A08F5E931A17704203',
    '+491701234567',
    'x'.repeat(100),
    'Jos\u00e9',
    '',
  ])
    expect(redact({ text })).toEqual({ text: `(${text.length} characters)` });
});

test('a line is one line of JSON whatever is logged', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.double())),
      (event, facts) => {
        const lines: string[] = [];
        createLog(
          (line) => lines.push(line),
          () => 1_000,
        )(event, facts);
        expect(lines).toHaveLength(1);
        expect(lines[0]?.indexOf('\n')).toBe((lines[0]?.length ?? 0) - 1);
        expect(() => JSON.parse(lines[0] ?? '') as unknown).not.toThrow();
      },
    ),
  );
});

test('a flood is cut and counted', () => {
  const lines: string[] = [];
  let now = 0;
  const log = createLog(
    (line) => lines.push(line),
    () => now,
  );
  for (let n = 0; n < 1_000; n += 1) log('same');
  now = 1_000;
  log('next');
  expect(lines).toHaveLength(51);
  expect(lines.at(-1)).toContain('"lost":950');
});
