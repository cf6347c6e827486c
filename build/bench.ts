// npm run bench: every benchmark beside its reference, one after the other, and a table of the medians. Names as arguments choose: `npm run bench -- catch-up`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, loadavg, platform, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Result } from '../e2e/bench/result.ts';
import { readBenchmarks, readPrinted, readStorage, readStored, table } from './bench-report.ts';
import { printStep, runStep, type Step } from './step.ts';

/** One benchmark: how it is run and how its output is read. */
type Part = {
  readonly name: string;
  readonly step: Omit<Step, 'name'>;
  readonly read: (output: string) => readonly Result[];
  /** It opens the page, which has to be built. */
  readonly page?: true;
};

const VITEST = 'node_modules/vitest/vitest.mjs';
/** How often storage/storage.bench.ts measures each. */
const STORAGE_ROUNDS = 100;

const folder = mkdtempSync(join(tmpdir(), 'plainseal-bench-'));
const report = join(folder, 'vitest.json');

const storage = (name: string, size: string, large: '0' | '1'): Part => ({
  name,
  step: { script: VITEST, args: ['bench', '--run', 'storage'], env: { BENCH_LARGE: large } },
  read: (output) =>
    readStorage(output, STORAGE_ROUNDS).map((result) => ({ ...result, name: `${size}: ${result.name}` })),
});
const script = (name: string): Part => ({
  name,
  step: { script: `e2e/bench/${name}.ts`, args: [] },
  read: readPrinted,
});
const parts: readonly Part[] = [
  {
    name: 'openpgp',
    step: {
      script: VITEST,
      args: ['bench', '--run', 'crypto/openpgp', '--reporter=json', `--outputFile.json=${report}`],
    },
    read: () => readBenchmarks(JSON.parse(readFileSync(report, 'utf8')), (task) => task.startsWith('gpg')),
  },
  storage('storage', '100 k messages', '0'),
  ...(process.env['BENCH_LARGE'] === '1' ? [storage('storage-large', '1 M messages', '1')] : []),
  {
    name: 'signal-engine',
    step: {
      script: VITEST,
      args: ['bench', '--run', 'crypto/signal', '--reporter=json', `--outputFile.json=${report}`],
    },
    read: () => readBenchmarks(JSON.parse(readFileSync(report, 'utf8')), (task) => /raw|alone/.test(task)),
  },
  {
    name: 'mls',
    step: {
      script: VITEST,
      args: 'bench --run crypto/mls --reporter=default --reporter=json'
        .split(' ')
        .concat(`--outputFile.json=${report}`),
      env: { MLS_LARGE: process.env['BENCH_LARGE'] ?? '0' },
    },
    read: (output) => [
      ...['ts-mls', 'OpenMLS'].flatMap((peer) =>
        readBenchmarks(
          JSON.parse(readFileSync(report, 'utf8')),
          (task) => task === peer,
          (task) => task === 'Plainseal',
        ).filter(({ reference }) => reference !== null),
      ),
      ...readStored(output),
    ],
  },
  script('commits'),
  script('signal-drain'),
  script('signal-send'),
  script('nostr-send'),
  script('catch-up'),
  { ...script('scroll'), page: true },
  { ...script('signal-scroll'), page: true },
  { ...script('flood'), page: true },
  { ...script('start'), page: true },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !parts.some((part) => part.name === name));
if (unknown.length > 0) {
  console.error(
    `No benchmark is called ${unknown.join(', ')}. There are: ${parts.map(({ name }) => name).join(', ')}.`,
  );
  process.exit(1);
}
const load = (): string =>
  loadavg()
    .map((value) => value.toFixed(1))
    .join(' ');

const results: Result[] = [];
try {
  console.log(
    `${new Date().toISOString()}, ${cpus().length} × ${cpus()[0]?.model ?? '?'}, ${platform()} ${release()}, Node ${process.version}`,
  );
  const chosen = parts.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  if (chosen.some(({ page }) => page)) {
    const args = ['build', '--config', 'renderer/vite.config.ts', '--logLevel', 'warn'];
    printStep(await runStep({ name: 'page', script: 'node_modules/vite/bin/vite.js', args }));
  }
  for (const { name, step, read } of chosen) {
    const before = load();
    const ran = await runStep({ ...step, name });
    printStep(ran);
    const found = ran.ok ? read(ran.output) : [];
    // A benchmark that says nothing has measured nothing.
    if (found.length === 0) process.exitCode = 1;
    results.push(...found);
    console.log(`load ${before} before, ${load()} after`);
  }
  console.log(`\n${table(results)}`);
} finally {
  rmSync(folder, { recursive: true });
}
