import { filesOf } from './autopsy.ts';
import { openShell } from './shell.ts';
import { pause } from './traffic.ts';
import type { World } from './world.ts';

/** Files a message names, those nothing names, and bytes without a row: before and after core ran on another day. */
export interface Swept {
  readonly before: ReturnType<typeof filesOf>;
  readonly after: ReturnType<typeof filesOf>;
}

const TWO_DAYS_MS = 2 * 24 * 60 * 60_000;
const WAIT_MS = 90_000;
/** The sweep works in small steps and tells nobody: it is looked for this often, in ms. */
const LOOK_MS = 1_000;

/** Runs core two days later until the sweep has taken away what the kills left behind, or for a while. */
export async function sweepLater({ profile, server }: Pick<World, 'profile' | 'server'>): Promise<Swept> {
  const before = filesOf(profile);
  const shell = await openShell({ profile, authority: server.ca, points: [], clockOffset: TWO_DAYS_MS });
  try {
    for (const until = Date.now() + WAIT_MS; Date.now() < until;) {
      const { unnamed, stray } = filesOf(profile);
      if (unnamed + stray === 0) break;
      await pause(LOOK_MS);
    }
  } finally {
    await shell.close();
  }
  return { before, after: filesOf(profile) };
}
