// npm run bench: the benchmarks beside the code, then how long the app takes to be there.
import { readFileSync } from 'node:fs';
import { attachToCore } from '../e2e/fixtures/contract.ts';
import { makeProfileFolder, startPlainseal } from '../e2e/fixtures/plainseal.ts';
import { runStep } from './step.ts';

const STARTS = 5;
const median = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? NaN;

/** Resident memory of a process, in MiB; null where the system does not say. */
function memoryOf(pid: number): number | null {
  try {
    const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? null : Number(kib) / 1_024;
  } catch {
    return null;
  }
}

await runStep({
  name: 'benchmarks',
  script: 'node_modules/vitest/vitest.mjs',
  args: ['bench', '--run', ...process.argv.slice(2)],
  live: true,
});

const folder = await makeProfileFolder('');
try {
  const served: number[] = [];
  const listed: number[] = [];
  for (let run = 0; run < STARTS; run++) {
    const startedAt = performance.now();
    const plainseal = await startPlainseal({ profile: folder.profile, authority: null });
    served.push(performance.now() - startedAt);
    const core = await attachToCore(plainseal.url);
    await core.call('inbox.page', { filter: 'all', before: null, limit: 50 });
    listed.push(performance.now() - startedAt);
    if (run === STARTS - 1) console.log(`shell: ${memoryOf(plainseal.pid)?.toFixed(0) ?? '?'} MiB resident`);
    core.close();
    await plainseal.stop();
  }
  console.log(`browser shell, ${STARTS} starts, median: page served after ${median(served).toFixed(0)} ms`);
  console.log(`and the first list answered after ${median(listed).toFixed(0)} ms`);
} finally {
  await folder.remove();
}
