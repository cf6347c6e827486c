import { decodeEnvelope } from '../../networks/signal/codec/envelope.ts';
import { examine, touchedIn } from './autopsy.ts';
import { laneProcess } from './lane-process.ts';
import type { Page } from './page.ts';
import { createRandom } from './random.ts';
import type { SignalWorld } from './signal-world.ts';
import { balanced, createTraffic, inWords, type Plan } from './traffic.ts';

/** What an envelope that ends the lane's process each time came to. */
export interface SignalPoison {
  readonly deaths: number;
  readonly fault: string | null;
}

/** One death before anything is marked, two under the marker: then it is not touched again. */
const DEATHS = 3;
const POISON = 'This ends the process of the lane';
const MEANWHILE: Plan = { mine: 2, theirs: 3, files: false, spreadMs: 100, random: createRandom(0) };

/**
 * Ends the lane's process whenever one envelope was opened and is about to be committed, as native code does that fails at it; both sides
 * go on talking. It must be set aside at the second death under its marker, and nothing else be lost.
 */
export async function poisonSignal(world: SignalWorld): Promise<SignalPoison> {
  const { account, conversation, peer, profile } = world;
  const traffic = createTraffic(conversation, peer);
  const shell = await world.open(['lane.before-commit']);
  let deaths = 0;
  try {
    const { page } = shell;
    page.hear('lane', ({ status }) => {
      if (status.kind === 'crashed') deaths += 1;
    });
    await page.online();
    const envelope = await peer.seal(POISON, false);
    const { key } = decodeEnvelope(envelope);
    const first = Promise.withResolvers<void>();
    let killed = 0;
    shell.onPoint(async () => {
      // What sets it aside is a commit as well. Before the first death nothing is marked, and nothing else is on its way.
      if (killed === DEATHS || (killed > 0 && touchedIn(profile, account) !== key)) return;
      killed += 1;
      process.kill(await laneProcess(), 'SIGKILL');
      first.resolve();
    });
    await peer.hand(envelope);
    await first.promise;
    await traffic.talk(page, MEANWHILE);
    const books = await traffic.settle(page);
    const fault = balanced(books) ? await noteFault(page, world) : inWords(books);
    await shell.close();
    if (fault !== null) return { deaths, fault };
    const { setAside } = examine(profile);
    if (setAside.join() !== 'ended-the-program') return { deaths, fault: `set aside: ${setAside.join()}` };
    return { deaths, fault: deaths === DEATHS ? null : `${deaths} deaths instead of ${DEATHS}` };
  } finally {
    await shell.kill();
  }
}

/** The conversation says once that something could not be opened, and does not show it. */
async function noteFault(page: Page, { conversation }: SignalWorld): Promise<string | null> {
  const rows = await page.history(conversation);
  const notes = rows.filter((row) => row.kind === 'note' && row.code === 'not-opened').length;
  const shown = rows.filter((row) => row.kind === 'message' && row.content.text === POISON).length;
  return notes === 1 && shown === 0 ? null : `${notes} notes, shown ${shown} times`;
}
