import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openShell, type Shell } from '../crash/shell.ts';
import { chatWith, linkPhone } from '../crash/signal-link.ts';
import { startSignalServer, type Account, type Linked, type SignalServer } from '../peers/signal/child.ts';

/** A profile that is linked to a phone on Signal's mock server, and people its phone knows, who have written once. */
export interface SignalDevice {
  readonly server: SignalServer;
  readonly profile: string;
  readonly people: readonly Account[];
  readonly linked: Linked;
  /** How long linking took from the scan to the account standing in the database, ms. */
  readonly linkMs: number;
  /** Starts core on the profile, afresh. */
  open(): Promise<Shell>;
  close(): Promise<void>;
}

/** Links a new profile, lets everybody write once, and closes it again. */
export async function linkDevice(count: number): Promise<SignalDevice> {
  const server = await startSignalServer();
  const folder = await mkdtemp(join(tmpdir(), 'plainseal-signal-bench-'));
  const profile = join(folder, 'profile');
  const open = (): Promise<Shell> =>
    openShell({ profile, authority: '', signal: JSON.stringify(server.environment), points: [] });
  const people: Account[] = [];
  for (let n = 0; n < count; n += 1) people.push(await server.account(`Person ${n}`));
  const phone = await server.account('Me', { contacts: people });
  const shell = await open();
  try {
    const { page } = shell;
    const { linked, tookMs: linkMs } = await linkPhone(page, server, phone);
    await page.online();
    for (const person of people) {
      await server.introduce(person, linked);
      await server.sendText(person, linked, 'hello', { withProfileKey: true });
    }
    for (const person of people) await chatWith(page, person);
    return {
      server,
      profile,
      people,
      linked,
      linkMs,
      open,
      async close() {
        await server.stop();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } finally {
    await shell.close();
  }
}
