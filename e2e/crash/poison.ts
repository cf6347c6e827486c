import { startDummyServer } from '../../networks/dummy/wire.ts';
import type { Page } from './page.ts';
import { makePlace } from './place.ts';
import { openShell } from './shell.ts';
import { addAccount } from './world.ts';

/** A mail with this text aborts the process of the test network's lane, as native code does that fails. */
const POISON = 'PLAINSEAL-TEST-ABORT';
const WAIT_MS = 60_000;

/** What a poisoned process lane came to. */
export interface Poisoned {
  readonly deaths: number;
  readonly fault: string | null;
}

/** The whole program with a lane in a process of its own, and one mail that aborts that process each time. */
export async function poisonProcessLane(): Promise<Poisoned> {
  const { profile, remove } = await makePlace();
  const server = await startDummyServer();
  const shell = await openShell({ profile, authority: '', points: [] });
  let deaths = 0;
  try {
    const { page } = shell;
    page.hear('lane', ({ status }) => {
      if (status.kind === 'crashed') deaths += 1;
    });
    await addAccount(page, 'dummy', { address: 'me', port: String(server.port) });
    const mails = ['before', POISON, 'between', 'after'];
    for (const [at, text] of mails.entries())
      server.deliver('me', { id: `id-${at}`, from: `from${'abcd'[at]}`, key: `key-${at}`, sentAt: at, text });
    const until = Date.now() + WAIT_MS;
    let seen = await shown(page);
    while (!seen.includes('after') && Date.now() < until) {
      const late = AbortSignal.timeout(1_000);
      await Promise.race([
        page.next('changed'),
        new Promise((resolve) => late.addEventListener('abort', resolve, { once: true })),
      ]);
      seen = await shown(page);
    }
    const wanted = ['after', 'before', 'between', 'not-opened'].join();
    const got = seen.toSorted().join();
    const fault = got === wanted ? null : `shown: ${got}`;
    return { deaths, fault: deaths === 3 ? fault : `${deaths} deaths instead of 3; shown: ${got}` };
  } finally {
    await shell.kill();
    await server.close();
    await remove();
  }
}

/** Texts and notes of every conversation. */
async function shown(page: Page): Promise<readonly string[]> {
  const { rows } = await page.call('inbox.page', { filter: 'all', before: null, limit: 100 });
  const histories = await Promise.all(rows.map(({ id }) => page.history(id)));
  return histories.flat().map((row) => (row.kind === 'note' ? row.code : row.content.text));
}
