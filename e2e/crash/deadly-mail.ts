import { examine } from './autopsy.ts';
import { errand, run } from './page.ts';
import { openShell } from './shell.ts';
import { pause } from './traffic.ts';
import type { Acquaintance, World } from './world.ts';

/** What a mail that takes the whole program with it came to. */
export interface DeadlyMail {
  readonly deaths: number;
  readonly fault: string | null;
}

/** One death before anything is marked, two under the marker: then it is not touched again. */
const DEATHS = 3;
const WAIT_MS = 60_000;

/**
 * Ends all of core whenever the first mail that waits has been opened, as a thread does that asks for more memory at once than
 * there is (measured: a large allocation beyond the limit of a thread aborts the process). Then lets core live.
 */
export async function openDeadlyMail({
  profile,
  server,
  met,
}: World & { readonly met: Acquaintance }): Promise<DeadlyMail> {
  const start = (points: Parameters<typeof openShell>[0]['points']) =>
    openShell({ profile, authority: server.ca, points });
  const deadly = 'This ends the program';
  await met.peer.say(deadly);
  for (let death = 0; death < DEATHS; death += 1) {
    const shell = await start(['lane.before-acknowledge']);
    await shell.killAt('lane.before-acknowledge', 1);
    const { integrity } = examine(profile);
    if (integrity !== 'ok') return { deaths: death + 1, fault: integrity };
    // Only the first mail is deadly; the others come while core is down.
    if (death === DEATHS - 1) for (const text of ['after it', 'and after that']) await met.peer.say(text);
  }
  const shell = await start([]);
  try {
    const { page } = shell;
    await page.online();
    await run(page, met.conversation, [errand('mine goes out')]);
    const wanted = ['not-opened', 'after it', 'and after that', 'mine goes out'];
    for (const until = Date.now() + WAIT_MS; ;) {
      const rows = await page.history(met.conversation);
      const shown = rows.map((row) => (row.kind === 'note' ? row.code : row.content.text));
      const news = shown.slice(shown.indexOf('This is mine') + 1);
      const went = met.peer.heard.some(({ text }) => text === 'mine goes out');
      const right = wanted.every((text) => news.filter((one) => one === text).length === 1);
      if (right && went && !news.includes(deadly)) return { deaths: DEATHS, fault: null };
      if (Date.now() > until) return { deaths: DEATHS, fault: `shown: ${news.join('; ')}` };
      await Promise.race([page.next('changed'), met.peer.next(), pause(1_000)]);
    }
  } finally {
    await shell.close();
  }
}
