import { randomUUID } from 'node:crypto';
import type { AccountId, ConversationId, NetworkId } from '../../shared/ids.ts';
import type { CrashPoint } from '../../shared/lane/lane.ts';
import { disclosures } from '../../shared/words/disclosure.ts';
import { startMailServerProcess, type MailServerProcess } from '../peers/mail/child.ts';
import { errand, run, type Page } from './page.ts';
import { startPeer, type Peer } from './peer.ts';
import { makePlace } from './place.ts';
import { openShell, type Shell } from './shell.ts';

export const ME = 'me@example.org';

/** A mail server in a process of its own and a test profile with one account on it. */
export interface World {
  readonly server: MailServerProcess;
  readonly profile: string;
  readonly account: AccountId;
  /** Starts core on the profile; it stops at `points`. */
  open(points: readonly CrashPoint[]): Promise<Shell>;
  /** Ends the server and removes the profile. The shell has ended before. */
  close(): Promise<void>;
}

/** Accepts a network's disclosure and adds an account; gives it once it is online. */
export async function addAccount(
  page: Page,
  network: NetworkId,
  args: Readonly<Record<string, string>>,
): Promise<AccountId> {
  const { version } = disclosures[network];
  await page.call('disclosure.accept', { request: randomUUID(), network, version });
  const online = page.next('lane', ({ status }) => status.kind === 'online');
  const step = await page.flow({ account: null, network, start: { kind: 'add-account', args } });
  if (step.kind !== 'done') throw new Error(`no account: ${JSON.stringify(step)}`);
  return (await online).account;
}

/** Makes a profile, adds the account, and lets `meet` find somebody to talk to; closes the profile in order. */
export async function createWorld<T>(
  meet: (page: Page, server: MailServerProcess, account: AccountId) => Promise<T>,
): Promise<World & { readonly met: T }> {
  const { profile, remove } = await makePlace();
  const server = await startMailServerProcess();
  const open: World['open'] = (points) => openShell({ profile, authority: server.ca, points });
  const close = async (): Promise<void> => {
    await server.stop();
    await remove();
  };
  try {
    const shell = await open([]);
    try {
      const account = await addAccount(shell.page, 'email', {
        address: ME,
        password: 'pw',
        displayName: 'Me',
        imapHost: server.imap.host,
        imapPort: String(server.imap.port),
        smtpHost: server.smtp.host,
        smtpPort: String(server.smtp.port),
      });
      const met = await meet(shell.page, server, account);
      return { server, profile, account, met, open, close };
    } finally {
      await shell.close();
    }
  } catch (error) {
    await close();
    throw error;
  }
}

/** A scripted peer and the conversation with it. */
export interface Acquaintance {
  readonly peer: Peer;
  readonly conversation: ConversationId;
}

/** Gets to know a scripted peer as two mail programs do: my key goes along with a mail in the clear, theirs with the sealed answer. */
export async function meetPeer(
  page: Page,
  server: MailServerProcess,
  account: AccountId,
  address = 'peer@example.org',
): Promise<Acquaintance> {
  const peer = await startPeer(server, address, ME);
  const opened = await page.flow({ account, network: 'email', start: { kind: 'chat', address } });
  if (opened.kind !== 'done' || !opened.conversation) throw new Error('no conversation in the clear');
  const greeted = peer.next();
  await run(page, opened.conversation, [errand('This is my key')]);
  await greeted;
  const answered = page.next(
    'changed',
    ({ conversations, messages }) =>
      messages.length > 0 && conversations.some((one) => one !== opened.conversation),
  );
  await peer.say('This is mine');
  await answered;
  const { rows } = await page.call('inbox.page', { filter: 'requests', before: null, limit: 10 });
  const [request] = rows;
  if (!request) throw new Error('no request came');
  await page.call('conversation.accept', { request: randomUUID(), conversation: request.id });
  return { peer, conversation: request.id };
}
