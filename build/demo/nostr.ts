import { runFlow, type CoreLink } from '../../e2e/fixtures/contract.ts';
import { addNostrAccount, startNostrContact, type NostrContact } from '../../e2e/fixtures/nostr.ts';
import { startRelayProcess, type RelayProcess } from '../../e2e/peers/nostr/child.ts';
import { answerTo } from './answer.ts';

/** Two relays, and a contact who answers. */
export interface NostrWorld {
  readonly relays: readonly RelayProcess[];
  readonly omar: NostrContact;
  stop(): Promise<void>;
}

/** Starts the relays, each in a process of its own, and Omar, whose program is another Plainseal. */
export async function startNostrWorld(): Promise<NostrWorld> {
  const relays = await Promise.all([startRelayProcess({ tls: false }), startRelayProcess({ tls: false })]);
  const end = async (): Promise<void> => {
    await Promise.all(relays.map((relay) => relay.stop()));
  };
  try {
    const omar = await startNostrContact(relays, 'Omar');
    omar.answer(answerTo);
    return {
      relays,
      omar,
      stop: async () => {
        await omar.stop();
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Makes me an account on the relays, and opens a conversation with Omar by his address. */
export async function meetOmar({ relays, omar }: NostrWorld, core: CoreLink): Promise<void> {
  await addNostrAccount(core, relays, 'Mara');
  const { rows } = await core.call('account.list', {});
  const account = rows.find(({ network }) => network === 'nostr')?.id;
  if (account === undefined) throw new Error('the account was not added');
  const start = { kind: 'chat', address: omar.address } as const;
  const { peer } = await runFlow(core, { network: 'nostr', account, start });
  // Nobody's name is told on Nostr: he is called what I call him.
  if (peer === null) throw new Error('nobody to talk to');
  await core.call('peer.name', { request: crypto.randomUUID(), peer, account, name: 'Omar' });
}
