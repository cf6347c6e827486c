import { expect, type Browser, type Page } from '@playwright/test';
import { openSomebody, type Somebody } from '../../worker/sample/nostr-world.ts';
import { acceptDisclosures, addMailAccount, addSignalAccount } from '../fixtures/accounts.ts';
import { watch } from '../fixtures/app.ts';
import { attachToCore, type CoreLink } from '../fixtures/contract.ts';
import { addNostrAccount } from '../fixtures/nostr.ts';
import { makeProfileFolder, startPlainseal, type Plainseal } from '../fixtures/plainseal.ts';
import type { MailAccount } from '../fixtures/steps.ts';
import { startDeltaChat, type DeltaChat } from '../peers/deltachat.ts';
import { startMailServerProcess, type MailServerProcess } from '../peers/mail/child.ts';
import { startRelayProcess, type RelayProcess } from '../peers/nostr/child.ts';
import { startSignalServer, type Account, type Linked, type SignalServer } from '../peers/signal/child.ts';

/** Those on Signal whom my phone knows; each attack takes one for itself. */
const signalNames = ['Bob', 'Gus', 'Rosa', 'Sam', 'Dana'] as const;
export type SignalName = (typeof signalNames)[number];

/** Plainseal as it is shipped, signed in on three networks, with the servers and people it talks to: those are what attacks are made with. */
export interface Stage {
  readonly page: Page;
  /** What the page did that it must not. */
  readonly broken: readonly string[];
  readonly me: { readonly mail: string; readonly signal: string; readonly nostr: string };
  readonly mail: MailServerProcess;
  readonly signal: SignalServer;
  /** My own device on Signal, as its server knows it. */
  readonly linked: Linked;
  readonly relay: RelayProcess;
  /** A contact on Signal. */
  account(name: SignalName): Account;
  /** A new user of Delta Chat. */
  deltaChat(name: string): Promise<DeltaChat>;
  /** A new program on Nostr. */
  somebody(name: string): Promise<Somebody>;
  stop(): Promise<void>;
}

/** Ends what was started, the last first. */
type Ends = (() => Promise<unknown>)[];

async function endAll(ends: Ends): Promise<void> {
  for (const end of ends.toReversed()) await end().catch(() => undefined);
}

/** Starts the servers and Plainseal on a new profile, adds its accounts, and opens its page in the browser. */
export async function openStage(browser: Browser): Promise<Stage> {
  const ends: Ends = [];
  try {
    return await build(browser, ends);
  } catch (error) {
    await endAll(ends);
    throw error;
  }
}

async function build(browser: Browser, ends: Ends): Promise<Stage> {
  const started = <T extends { stop(): Promise<void> }>(one: T): T => {
    ends.push(() => one.stop());
    return one;
  };
  const [mail, signal, relay] = await Promise.all([
    startMailServerProcess({ policy: 'open' }).then(started),
    startSignalServer().then(started),
    startRelayProcess({ tls: false }).then(started),
  ]);
  const accounts = new Map<SignalName, Account>();
  for (const name of signalNames) accounts.set(name, await signal.account(name));
  const phone = await signal.account('Mara', { contacts: [...accounts.values()] });
  const { imap, smtp } = mail;
  const myMail = { address: 'mara@example.org', password: 'of no worth', name: 'Mara', imap, smtp };

  const folder = await makeProfileFolder(mail.ca, signal.environment);
  ends.push(() => folder.remove());
  const plainseal = started(await startPlainseal(folder));
  const core = await attachToCore(plainseal.url);
  const { linked, npub } = await addAccounts(core, { mail: myMail, signal, phone, relay });
  core.close();
  const { page, broken } = await openPage(browser, plainseal, ends);
  return {
    page,
    broken,
    me: { mail: myMail.address, signal: phone.number ?? '', nostr: npub },
    mail,
    signal,
    linked,
    relay,
    account(name) {
      const account = accounts.get(name);
      if (account === undefined) throw new Error(`nobody is called ${name}`);
      return account;
    },
    async deltaChat(name) {
      return started(await startDeltaChat({ mail, address: `${name.toLowerCase()}@example.org`, name }));
    },
    async somebody(name) {
      const somebody = await openSomebody(name, [relay.url]);
      ends.push(() => somebody.close());
      return somebody;
    },
    stop: () => endAll(ends),
  };
}

async function addAccounts(
  core: CoreLink,
  of: {
    readonly mail: MailAccount;
    readonly signal: SignalServer;
    readonly phone: Account;
    readonly relay: RelayProcess;
  },
): Promise<{ readonly linked: Linked; readonly npub: string }> {
  await acceptDisclosures(core);
  await addMailAccount(core, of.mail);
  const linked = await addSignalAccount(core, of.signal, of.phone);
  return { linked, npub: await addNostrAccount(core, [of.relay], 'Mara') };
}

async function openPage(
  browser: Browser,
  plainseal: Plainseal,
  ends: Ends,
): Promise<Pick<Stage, 'page' | 'broken'>> {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 } });
  ends.push(() => context.close());
  const broken = watch(context);
  const page = await context.newPage();
  await page.goto(await plainseal.enter());
  await expect(
    page
      .getByTestId('chat')
      .or(page.getByRole('heading', { level: 1 }))
      .first(),
  ).toBeVisible();
  return { page, broken };
}
