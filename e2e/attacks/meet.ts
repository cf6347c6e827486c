import { expect, type Locator, type Page } from '@playwright/test';
import type { ConversationId } from '../../shared/ids.ts';
import { createWords } from '../../shared/words/words.ts';
import type { Somebody } from '../../worker/sample/nostr-world.ts';
import { messageWith, openChat, PEER_MS, sendText } from '../fixtures/steps.ts';
import type { DeltaChat } from '../peers/deltachat.ts';
import type { Account } from '../peers/signal/child.ts';
import type { SignalName, Stage } from './stage.ts';

/** The app's own sentences. */
export const { say } = createWords();

type Way = keyof Stage['me'];
const fields = {
  mail: say('new.field'),
  signal: say('new.field.signal'),
  nostr: say('new.field.nostr'),
} as const;

/** Asks for a new conversation from one of my accounts, with an address, a key or an invitation. */
export async function startFrom({ page, me }: Stage, way: Way, to: string): Promise<void> {
  // A key is shown by its ends.
  const account = way === 'nostr' ? /npub1/u : me[way];
  await page
    .getByRole('button', { name: say('new.title') })
    .first()
    .click();
  await page.getByRole('radio', { name: account }).check();
  await page.getByLabel(fields[way], { exact: true }).fill(to);
  await page.getByRole('button', { name: say('new.go'), exact: true }).click();
}

/** A user of Delta Chat whose invitation I have followed: checked, and in front of me. */
export async function meetByMail(stage: Stage, name: string): Promise<DeltaChat> {
  const { page } = stage;
  const alice = await stage.deltaChat(name);
  await startFrom(stage, 'mail', await alice.inviteLink());
  await expect(page.getByTestId('header-name')).toHaveText(name, { timeout: PEER_MS });
  return alice;
}

/** A contact on Signal, who has written to me and whose conversation is in front of me. */
export async function meetOnSignal(stage: Stage, name: SignalName): Promise<Account> {
  const { page, signal, linked } = stage;
  const account = stage.account(name);
  await signal.introduce(account, linked);
  const text = `${name} here`;
  await signal.sendText(account, linked, text, { withProfileKey: true });
  await page.getByRole('button', { name: new RegExp(`^${say('rail.inbox')}`, 'u') }).click();
  await openChat(page, name);
  await expect(messageWith(page, text)).toBeVisible({ timeout: PEER_MS });
  return account;
}

/** Somebody on Nostr whom I met by their key, and their side of our conversation, which is in front of me. */
export async function meetOnNostr(
  stage: Stage,
  name: string,
): Promise<{ readonly them: Somebody; readonly chat: ConversationId }> {
  const { page } = stage;
  const them = await stage.somebody(name);
  await startFrom(stage, 'nostr', them.address);
  await expect(page.getByTestId('header-network')).toContainText('Nostr', { timeout: PEER_MS });
  await page
    .getByRole('button', { name: say('chat.contact') })
    .first()
    .click();
  await page.getByLabel(say('person.name'), { exact: true }).fill(name);
  await page.getByRole('button', { name: say('person.name.save') }).click();
  await expect(page.getByTestId('header-name')).toHaveText(name);
  await page.keyboard.press('Escape');
  const chat = await them.conversation('a request', ({ state }) => state === 'request');
  await them.accept(chat);
  const text = `Hello ${name}`;
  await sendText(page, text);
  await them.eventually(text, async () => (await them.texts(chat)).includes(text));
  return { them, chat };
}

/** Waits until the open conversation is stopped, and gives what the app says of it. Nothing can be written there then. */
export async function stopped(page: Page, cause: string): Promise<string> {
  const line = page.getByTestId('header-stopped');
  await expect(line).toContainText(cause, { timeout: PEER_MS });
  await expect(page.getByTestId('composer')).toHaveCount(0);
  return oneLine(line);
}

/** Waits for a row of the app's own in the open conversation, and gives what it says. */
export async function noted(page: Page, words: string): Promise<string> {
  const note = page.getByTestId('note').filter({ hasText: words });
  await expect(note).toBeVisible({ timeout: PEER_MS });
  return oneLine(note);
}

/** What stands on the page, in one line. */
export const oneLine = async (at: Locator): Promise<string> =>
  (await at.innerText()).replaceAll(/\s+/gu, ' ').trim();
