import type { Page } from '@playwright/test';
import { textOnly } from '../shared/contract/content.ts';
import { en } from '../shared/words/en.ts';
import { expectAccessible } from './fixtures/accessible.ts';
import { runFlow } from './fixtures/contract.ts';
import { expect, makeNostrAccount, meetByKey, test } from './fixtures/nostr.ts';
import { chatRow, messageWith, PEER_MS, readHeader, sendText } from './fixtures/steps.ts';

/** Proves that it was read, without its words. In a group contacts read each other: an answer is answered by nobody. */
const answerOf = (name: string, text: string): string => `${name} read ${text.length} characters.`;
const answering =
  (name: string) =>
  (text: string): string | null =>
    / read \d+ characters\.$/u.test(text) ? null : answerOf(name, text);

/** The link with which others reach me, as the page shows it. */
async function shownLink(page: Page): Promise<string> {
  await page.getByRole('button', { name: en['new.title'] }).first().click();
  await page.getByRole('button', { name: en['new.mine.show'] }).click();
  const link = await page.getByTestId('invite-link').innerText();
  await expectAccessible(page, 'my link and its code');
  await page.keyboard.press('Escape');
  return link;
}

test('an account in one step, a conversation by a key, and the answer', async ({ app, relays, omar }) => {
  const { page } = app;
  await makeNostrAccount(page, relays);
  await meetByKey(page, omar, 'Omar');
  const header = await readHeader(page);
  expect(header).toMatchObject({
    name: 'Omar',
    network: 'Test network · Nostr · MLS',
    readers: 'Private, with limits.',
    identity: 'Not checked yet.',
    stopped: null,
  });
  omar.answer(answering('Omar'));
  await sendText(page, 'Is the key under the mat?');
  const mine = messageWith(page, 'Is the key under the mat?');
  await expect(mine.getByTestId('message-state')).toContainText('Accepted', { timeout: PEER_MS });
  await expect(messageWith(page, answerOf('Omar', 'Is the key under the mat?'))).toBeVisible({
    timeout: PEER_MS,
  });

  await mine.hover();
  await mine.getByRole('button', { name: en['message.details'] }).click();
  await expect(page.getByTestId('details')).toContainText('MLS');
  await expectAccessible(page, 'details of a message');
});

test('a relay that cannot be used is named, with why, and what was typed stays to be mended', async ({
  app,
  relays,
}) => {
  const { page } = app;
  await page.getByRole('button', { name: en['network.nostr'] }).click();
  await page.getByRole('button', { name: en['disclosure.accept'] }).click();
  await page.getByRole('button', { name: en['nostr.make'] }).click();
  const field = page.getByLabel(en['account.field.relays']);
  const alert = page.getByRole('alert');
  const good = relays.map(({ url }) => url).join(' ');
  for (const [bad, why] of [
    ['relay.example', '“relay.example” does not fit the kind of this profile.'],
    ['https://relay.example', '“https://relay.example” is not the address of a relay.'],
  ] as const) {
    await field.fill(`${good} ${bad}`);
    await page.keyboard.press('Enter');
    await expect(alert).toContainText(why);
    await expect(field).toHaveValue(`${good} ${bad}`);
    await expect(field).toBeFocused();
  }
  await expectAccessible(page, 'a relay that is refused');
  // A name without a place to break it makes nothing wider than the window, in large text either.
  const size = page.viewportSize();
  await page.setViewportSize({ width: 520, height: 800 });
  await page.evaluate(() => document.documentElement.style.setProperty('font-size', '200%'));
  await field.fill(`https://${'w'.repeat(40)}.example`);
  await page.keyboard.press('Enter');
  await expect(alert).toContainText('www');
  expect(await page.locator('main').evaluate((main) => main.scrollWidth - main.clientWidth)).toBe(0);
  await page.evaluate(() => document.documentElement.style.removeProperty('font-size'));
  if (size) await page.setViewportSize(size);
  await field.fill(good);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: en['nostr.made'] })).toBeVisible({ timeout: PEER_MS });
});

test('somebody who has my link is a stranger until I accept', async ({ app, relays, omar }) => {
  const { page } = app;
  await makeNostrAccount(page, relays);
  const link = await shownLink(page);

  const { core } = omar;
  const { rows } = await core.call('account.list', {});
  const account = rows[0]?.id ?? null;
  const start = { kind: 'join', link } as const;
  const { conversation } = await runFlow(core, { network: 'nostr', account, start });
  if (conversation === null) throw new Error('no conversation');
  const { labelRevision: seenLabel } = await core.call('conversation.get', { conversation });
  const request = crypto.randomUUID();
  const content = textOnly('Hello, it is Omar');
  await core.call('message.send', { request, conversation, content, seenLabel });

  await page.getByRole('button', { name: new RegExp(`^${en['rail.requests']}`, 'u') }).click();
  const row = page.getByTestId('chat');
  await expect(row).toHaveCount(1, { timeout: PEER_MS });
  await row.click();
  await expect(messageWith(page, 'Hello, it is Omar')).toHaveCount(0);
  await page.getByRole('button', { name: en['request.accept'], exact: true }).click();
  await expect(messageWith(page, 'Hello, it is Omar')).toBeVisible({ timeout: PEER_MS });
  await sendText(page, 'Hello Omar');
  await expect
    .poll(
      async () => {
        const around = { around: 'end', side: 'before', limit: 10 } as const;
        const found = await core.call('message.page', { conversation, ...around });
        return found.rows.map((one) => (one.kind === 'message' ? one.content.text : one.code));
      },
      { timeout: PEER_MS },
    )
    .toContain('Hello Omar');
});

test('a group of three: made, talked in, renamed, one removed', async ({ app, relays, omar, lena }) => {
  test.setTimeout(120_000);
  const { page } = app;
  await makeNostrAccount(page, relays);
  await meetByKey(page, omar, 'Omar');
  await meetByKey(page, lena, 'Lena');
  omar.answer(answering('Omar'));
  lena.answer(answering('Lena'));

  await page.getByRole('button', { name: en['new.title'] }).first().click();
  await page.getByRole('button', { name: en['group.new'] }).click();
  await page.getByLabel(en['group.new.name']).fill('Long weekend');
  for (const name of ['Omar', 'Lena']) {
    await page.getByLabel(en['group.new.find']).fill(name);
    await page.getByTestId('contacts').getByRole('button', { name }).click();
  }
  await page.getByRole('button', { name: en['group.new.go'] }).click();
  await expect(page.getByTestId('header-name')).toHaveText('Long weekend');
  await sendText(page, 'Who brings bread?');
  await expect(messageWith(page, answerOf('Omar', 'Who brings bread?'))).toBeVisible({ timeout: PEER_MS });
  await expect(messageWith(page, answerOf('Lena', 'Who brings bread?'))).toBeVisible({ timeout: PEER_MS });
  await expect(page.getByTestId('header-identity')).toHaveText('Nobody here is checked yet.');

  await test.step('removed: what is written after that is not for Lena', async () => {
    await page.getByRole('button', { name: en['group.panel'] }).click();
    const lenaRow = page.getByTestId('member').filter({ hasText: 'Lena' });
    await expectAccessible(page, 'who is in a group');
    await lenaRow.getByRole('button').last().click();
    await page.getByRole('menuitem', { name: en['group.remove'] }).click();
    await expect(lenaRow).toHaveCount(0, { timeout: PEER_MS });
    await page.keyboard.press('Escape');
    await expect(page.getByTestId('note').last()).toContainText('removed Lena', { timeout: PEER_MS });
    await sendText(page, 'Only us two now');
    await expect(messageWith(page, answerOf('Omar', 'Only us two now'))).toBeVisible({ timeout: PEER_MS });
    await expect(messageWith(page, answerOf('Lena', 'Only us two now'))).toHaveCount(0);
  });
  await expect(chatRow(page, 'Long weekend')).toBeVisible();
});

test('an account moves to another relay, and people find it there', async ({ app, relays, omar }) => {
  const { page } = app;
  await makeNostrAccount(page, relays);
  const to = relays.at(-1)?.url ?? '';
  const link = await shownLink(page);
  const openRelays = async () => {
    const account = page.getByRole('button', { name: /^npub1/u }).first();
    await account.click();
    await page.getByRole('button', { name: en['nostr.relays.act'] }).click();
    return page.getByRole('textbox', { name: en['account.field.relays'] });
  };
  const field = await openRelays();
  await expect(field).toHaveValue(relays.map(({ url }) => url).join(' '));
  await field.fill('https://relay.example');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toContainText(
    '“https://relay.example” is not the address of a relay.',
  );
  await expectAccessible(page, 'the relays of an account');
  await field.fill(to);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: en['nostr.relays.done'] })).toBeVisible({ timeout: PEER_MS });
  await page.keyboard.press('Escape');
  await expect(await openRelays()).toHaveValue(to);
  await page.keyboard.press('Escape');

  // A link that was given out before leads there too.
  const { core } = omar;
  const { rows } = await core.call('account.list', {});
  const start = { kind: 'join', link } as const;
  await runFlow(core, { network: 'nostr', account: rows[0]?.id ?? null, start });
  await page.getByRole('button', { name: new RegExp(`^${en['rail.requests']}`, 'u') }).click();
  await expect(page.getByTestId('chat')).toHaveCount(1, { timeout: PEER_MS });
});

test('the key is shown in the shell’s own window and nowhere else', async ({ app, relays }) => {
  const { page } = app;
  await makeNostrAccount(page, relays);
  await page
    .getByRole('button', { name: /^npub1/u })
    .first()
    .click();
  await page.getByRole('button', { name: en['nostr.keep.now'] }).click();
  const window = await app.question();
  await expect(window.getByText(/nsec1/u)).toHaveCount(0);
  await window.getByRole('button', { name: en['confirm.reveal-key.yes'] }).click();
  // The same window goes on.
  await expect(window.getByText(/nsec1[a-z0-9]{58}/u)).toBeVisible();
  await window.getByRole('button', { name: en['confirm.key-revealed.yes'] }).click();
  await expect(page.getByText(en['nostr.kept'], { exact: true })).toBeVisible({ timeout: PEER_MS });
  expect(await page.content()).not.toContain('nsec1');
});
