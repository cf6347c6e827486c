import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where a test profile goes, with its marks beside it; `remove` takes all of it away. */
export async function makePlace(): Promise<{ readonly profile: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'plainseal-crash-'));
  return {
    profile: join(folder, 'profile'),
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}
