import { describe, expect, test } from 'vitest';
import { digits, readBenchmarks, readPrinted, readStorage, readStored, table } from './bench-report.ts';

describe('what benchmarks say', () => {
  test('result lines, among others', () => {
    const result = { name: 'a', unit: 'ms', ours: 1, reference: { name: 'b', value: 2 }, runs: 3 };
    const output = `starting\nresult ${JSON.stringify(result)}\nresults are in\n`;
    expect(readPrinted(output)).toEqual([result]);
    expect(readPrinted('nothing')).toEqual([]);
    expect(() => readPrinted('result {"name":"a"}')).toThrow();
    expect(() => readPrinted('result {')).toThrow();
  });

  test("vitest's report: each task beside the reference of its comparison", () => {
    const task = (name: string, p50: number) => ({ name, latency: { p50, samplesCount: 12, mean: 99 } });
    const json = {
      testResults: [
        {
          assertionResults: [
            { fullName: '1 KB open', benchmarks: [{ name: 'x', tasks: [task('gpg', 50), task('ours', 2)] }] },
            { fullName: 'alone', benchmarks: [{ name: 'y', tasks: [task('ours', 3)] }] },
            { fullName: 'a test', benchmarks: [] },
          ],
        },
      ],
    };
    expect(readBenchmarks(json, (name) => name.startsWith('gpg'))).toEqual([
      { name: '1 KB open: ours', unit: 'ms', ours: 2, reference: { name: 'gpg', value: 50 }, runs: 12 },
      { name: 'alone: ours', unit: 'ms', ours: 3, reference: null, runs: 12 },
    ]);
    expect(
      readBenchmarks(
        json,
        (name) => name.startsWith('gpg'),
        (name) => name === 'others',
      ),
    ).toEqual([]);
    expect(() => readBenchmarks({ testResults: [{}] }, () => true)).toThrow();
  });

  test('what MLS stores for a message', () => {
    const output = 'x\n2 members: stored for one message, 812 B to send and 640 B to read; ts-mls 5120 B\ny';
    const beside = { name: 'ts-mls', value: 5120 };
    expect(readStored(output)).toEqual([
      {
        name: '2 members: stored for one message, to send',
        unit: 'B',
        ours: 812,
        reference: beside,
        runs: 1,
      },
      {
        name: '2 members: stored for one message, to read',
        unit: 'B',
        ours: 640,
        reference: beside,
        runs: 1,
      },
    ]);
    expect(readStored('nothing')).toEqual([]);
  });

  test('the lines of the storage benchmark', () => {
    const output = [
      '100000 messages laid down: sealed 9000/s, plain 15000/s, ratio 1.60',
      '\u001B[22m\u001B[39mpage of 50, cold: p50 sealed 1.250 ms, plain 0.500 ms, ratio 2.50',
    ].join('\n');
    expect(readStorage(output, 100)).toEqual([
      {
        name: 'page of 50, cold',
        unit: 'ms',
        ours: 1.25,
        reference: { name: 'without a cipher', value: 0.5 },
        runs: 100,
      },
    ]);
  });
});

test.each([
  [0, '0.00'],
  [0.0123, '0.01'],
  [1.25, '1.25'],
  [12.34, '12.3'],
  [123.4, '123'],
  [12_345.6, '12346'],
  [Number.NaN, '–'],
])('%d in digits', (value, text) => {
  expect(digits(value)).toBe(text);
});

test('the table', () => {
  expect(
    table([
      { name: 'rate', unit: 'mails/s', ours: 100, reference: { name: 'other', value: 20 }, runs: 3 },
      { name: 'start', unit: 'ms', ours: 700, reference: null, runs: 5 },
    ]),
  ).toBe(
    [
      '| what  | Plainseal   | beside               | ratio | runs |',
      '| ----- | ----------- | -------------------- | ----- | ---- |',
      '| rate  | 100 mails/s | 20.0 mails/s (other) | 5.00  | 3    |',
      '| start | 700 ms      |                      |       | 5    |',
    ].join('\n'),
  );
});
