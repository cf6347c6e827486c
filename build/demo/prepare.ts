import { setTimeout as pause } from 'node:timers/promises';
import { acceptDisclosures, addMailAccount } from '../../e2e/fixtures/accounts.ts';
import { attachToCore, runFlow, type CoreLink } from '../../e2e/fixtures/contract.ts';
import type { FlowStart } from '../../shared/lane/flow.ts';
import { demoAddress, type World } from './contacts.ts';
import { meetOmar } from './nostr.ts';
import { linkPhone } from './signal.ts';

/** My own address in the demo. */
export const myAddress = demoAddress('mara');

const LOOK_EVERY_MS = 100;
const LOOK_FOR_MS = 20_000;

/** Core with my account, attached without a page: what the demo prepares before anybody looks. */
export interface Prepared {
  /** Follows an invitation: the contact is checked from the start. */
  join(link: string): Promise<void>;
  /** Starts a conversation by address: with the key that is known for it, else without encryption. */
  chat(address: string): Promise<void>;
  /** Waits until this many mails were seen and left on the server: their headers have been read. */
  skipped(count: number): Promise<void>;
  leave(): void;
}

/** Adds the accounts of the demo. `url`: a way in that the shell gave. */
export async function prepare({ mail, signal, nostr }: World, url: string): Promise<Prepared> {
  const core = await attachToCore(url);
  await acceptDisclosures(core);
  const { imap, smtp } = mail;
  await addMailAccount(core, { address: myAddress, password: 'of no worth', name: 'Mara', imap, smtp });
  const { id: account } = await accountRow(core);
  await linkPhone(signal, core);
  await meetOmar(nostr, core);
  const flow = async (start: FlowStart): Promise<void> => {
    await runFlow(core, { network: 'email', account, start });
  };
  return {
    join: (link) => flow({ kind: 'join', link }),
    chat: (address) => flow({ kind: 'chat', address }),
    async skipped(count) {
      const until = performance.now() + LOOK_FOR_MS;
      // No event tells of mail that is not for us.
      while (((await accountRow(core)).plainMailSkipped ?? 0) < count) {
        if (performance.now() > until) throw new Error(`no ${count} plain mails were seen`);
        await pause(LOOK_EVERY_MS);
      }
    },
    leave: () => core.close(),
  };
}

async function accountRow(core: CoreLink) {
  const row = (await core.call('account.list', {})).rows.find(({ network }) => network === 'email');
  if (!row) throw new Error('the account was not added');
  return row;
}
