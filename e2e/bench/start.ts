import { readFileSync } from 'node:fs';
import { attachToCore } from '../fixtures/contract.ts';
import { makeProfileFolder, startPlainseal } from '../fixtures/plainseal.ts';
import { median, show } from './result.ts';

/* How long the browser shell takes from its start to its page and to the first list, on an empty profile that exists. */

const STARTS = 5;

/** Resident memory of a process in MiB; null where the system does not say. */
function memoryOf(pid: number): number | null {
  try {
    const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? null : Number(kib) / 1_024;
  } catch {
    return null;
  }
}

const folder = await makeProfileFolder('');
try {
  const served: number[] = [];
  const listed: number[] = [];
  const memory: number[] = [];
  // The first one makes the profile and is not counted.
  for (let run = 0; run <= STARTS; run += 1) {
    const startedAt = performance.now();
    const plainseal = await startPlainseal({ profile: folder.profile, authority: null });
    const servedAfter = performance.now() - startedAt;
    const core = await attachToCore(plainseal.url);
    await core.call('inbox.page', { filter: 'all', before: null, limit: 50 });
    if (run > 0) {
      served.push(servedAfter);
      listed.push(performance.now() - startedAt);
      const used = memoryOf(plainseal.pid);
      if (used !== null) memory.push(used);
    }
    core.close();
    await plainseal.stop();
  }
  const alone = { reference: null, runs: STARTS };
  show({ name: 'start to page served', unit: 'ms', ours: median(served), ...alone });
  show({ name: 'start to first list', unit: 'ms', ours: median(listed), ...alone });
  if (memory.length > 0) show({ name: 'memory of the shell', unit: 'MiB', ours: median(memory), ...alone });
} finally {
  await folder.remove();
}
