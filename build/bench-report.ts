import { stripVTControlCharacters } from 'node:util';
import * as v from 'valibot';
import { RESULT_MARK, type Result } from '../e2e/bench/result.ts';

const resultSchema: v.GenericSchema<unknown, Result> = v.object({
  name: v.string(),
  unit: v.string(),
  ours: v.number(),
  reference: v.nullable(v.object({ name: v.string(), value: v.number() })),
  runs: v.number(),
});

/** The results a benchmark printed, in order. @throws ValiError for a result line that does not read. */
export function readPrinted(output: string): readonly Result[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith(RESULT_MARK))
    .map((line) => v.parse(resultSchema, JSON.parse(line.slice(RESULT_MARK.length))));
}

const statistics = v.object({ p50: v.number(), samplesCount: v.number() });
const vitestSchema = v.object({
  testResults: v.array(
    v.object({
      assertionResults: v.array(
        v.object({
          fullName: v.string(),
          benchmarks: v.array(
            v.object({ tasks: v.array(v.object({ name: v.string(), latency: statistics })) }),
          ),
        }),
      ),
    }),
  ),
});

/**
 * The medians of vitest's JSON report, each beside the task of its comparison whose name `isReference` accepts. In ms. `isOurs`: which
 * of them are wanted.
 */
export function readBenchmarks(
  json: unknown,
  isReference: (task: string) => boolean,
  isOurs: (task: string) => boolean = () => true,
): readonly Result[] {
  return v
    .parse(vitestSchema, json)
    .testResults.flatMap(({ assertionResults }) => assertionResults)
    .flatMap(({ fullName, benchmarks }) =>
      benchmarks.flatMap(({ tasks }) => {
        const beside = tasks.find(({ name }) => isReference(name));
        return tasks
          .filter((task) => task !== beside && isOurs(task.name))
          .toSorted((a, b) => (a.name < b.name ? -1 : 1))
          .map(({ name, latency }): Result => ({
            name: `${fullName}: ${name}`,
            unit: 'ms',
            ours: latency.p50,
            reference: beside ? { name: beside.name, value: beside.latency.p50 } : null,
            runs: latency.samplesCount,
          }));
      }),
    );
}

/** The lines of storage/storage.bench.ts: medians over the same rows, encrypted and in the clear. `runs`: how often each was measured. */
export function readStorage(output: string, runs: number): readonly Result[] {
  const line = /^(.+): p50 sealed ([\d.]+) ms, plain ([\d.]+) ms, ratio/gm;
  return [...stripVTControlCharacters(output).matchAll(line)].map(([, name = '', ours, plain]) => ({
    name,
    unit: 'ms',
    ours: Number(ours),
    reference: { name: 'without a cipher', value: Number(plain) },
    runs,
  }));
}

/** The lines of crypto/mls/mls.bench.ts on what one message makes durable, beside the whole state that ts-mls would have to keep. */
export function readStored(output: string): readonly Result[] {
  const line = /(\d+ members): stored for one message, (\d+) B to send and (\d+) B to read; ts-mls (\d+) B/g;
  return [...stripVTControlCharacters(output).matchAll(line)].flatMap(([, name = '', sent, read, whole]) =>
    [
      ['to send', sent],
      ['to read', read],
    ].map(([what, bytes]): Result => ({
      name: `${name}: stored for one message, ${what}`,
      unit: 'B',
      ours: Number(bytes),
      reference: { name: 'ts-mls', value: Number(whole) },
      runs: 1,
    })),
  );
}

/** Three figures that count, in digits. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const whole = Math.max(1, Math.floor(Math.log10(Math.abs(value) || 1)) + 1);
  return value.toFixed(Math.max(0, 3 - whole));
}

/** Rows as a Markdown table: medians, what they stand beside, and ours divided by that. */
export function table(results: readonly Result[]): string {
  const rows = results.map(({ name, unit, ours, reference, runs }) => [
    name,
    `${digits(ours)} ${unit}`,
    reference ? `${digits(reference.value)} ${unit} (${reference.name})` : '',
    reference ? digits(ours / reference.value) : '',
    String(runs),
  ]);
  const head = ['what', 'Plainseal', 'beside', 'ratio', 'runs'];
  const widths = head.map((title, at) =>
    Math.max(title.length, ...rows.map((row) => (row[at] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}
