import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { disclosures } from '../../shared/words/disclosure.ts';
import type { ConversationId } from '../../shared/ids.ts';
import { openShell, type Shell } from '../crash/shell.ts';
import { startSignalServer, type Account, type Linked, type SignalServer } from '../peers/signal/child.ts';

/** A profile that is linked to a phone on Signal's mock server, and people its phone knows. */
export interface SignalDevice {
  readonly server: SignalServer;
  readonly phone: Account;
  readonly people: readonly Account[];
  readonly linked: Linked;
  /** How long linking took from the scan to the account standing in the database, ms. */
  readonly linkMs: number;
  /** Starts core on the profile, afresh. */
  open(): Promise<Shell>;
  /** The conversation with somebody, once they have written and the phone's list of contacts has come. */
  chatWith(shell: Shell, account: Account): Promise<ConversationId>;
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
    const request = crypto.randomUUID();
    const { version } = disclosures.signal;
    await page.call('disclosure.accept', { request, network: 'signal', version });
    let scannedAt = 0;
    const scanning = Promise.withResolvers<Linked>();
    const undo = page.hear('flow', ({ step }) => {
      if (step.kind !== 'show-code' || scannedAt !== 0) return;
      scannedAt = performance.now();
      server.link(phone, step.text).then(scanning.resolve, scanning.reject);
    });
    const start = { kind: 'add-account', args: {} } as const;
    const ended = await page.flow({ account: null, network: 'signal', start });
    const linkMs = performance.now() - scannedAt;
    undo();
    if (ended.kind !== 'done') throw new Error('linking failed');
    const linked = await scanning.promise;
    await page.online();
    const device: SignalDevice = {
      server,
      phone,
      people,
      linked,
      linkMs,
      open,
      async chatWith(of, account) {
        const find = async (): Promise<ConversationId | null> => {
          const { rows } = await of.page.call('inbox.page', { filter: 'all', before: null, limit: 200 });
          return (
            rows.find(({ peer, state }) => peer === `signal|${account.aci}` && state === 'active')?.id ?? null
          );
        };
        for (;;) {
          const changed = of.page.next('changed');
          const found = await find();
          if (found) return found;
          await changed;
        }
      },
      async close() {
        await server.stop();
        await rm(folder, { recursive: true, force: true });
      },
    };
    for (const person of people) {
      await server.introduce(person, linked);
      await server.sendText(person, linked, 'hello', { withProfileKey: true });
    }
    for (const person of people) await device.chatWith(shell, person);
    return device;
  } finally {
    await shell.close();
  }
}
