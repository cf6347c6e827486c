import { readdir, readFile } from 'node:fs/promises';

const ENTRY = 'worker/lane/process.ts';

/** The process of the one lane that this program's shell runs apart from core, found among its own children (proc(5)). */
export async function laneProcess(): Promise<number> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || (await parentOf(name)) !== process.pid) continue;
    const words = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (words.includes(ENTRY)) found.push(pid);
  }
  const [pid] = found;
  if (pid === undefined || found.length > 1) throw new Error(`${found.length} lanes run as a process`);
  return pid;
}

/** Null for one that has ended meanwhile. */
async function parentOf(pid: string): Promise<number | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  // The name of a program stands in brackets and may hold anything; the parent is the second field after it.
  return stat === null ? null : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}
