import { en } from '../shared/words/en.ts';
import { expectAccessible } from './fixtures/accessible.ts';
import { expect, test } from './fixtures/test.ts';
import {
  addFirstAccount,
  messageWith,
  openChat,
  PEER_MS,
  readHeader,
  sendText,
  startChat,
} from './fixtures/steps.ts';

test('a new person adds an address, joins Alice by her link and talks with her', async ({
  app,
  me,
  alice,
}) => {
  const { page } = app;
  await addFirstAccount(page, me);
  await startChat(page, await alice.inviteLink());
  await expect(page.getByTestId('header-name')).toHaveText('Alice', { timeout: PEER_MS });

  const header = await readHeader(page);
  expect(header.network).toBe('Test network · E-mail · OpenPGP');
  expect(header.readers).toContain('Private, with limits');
  expect(header.identity).toMatch(/^Checked with a code on /);
  expect(header.stopped).toBeNull();
  await expect(page.getByTestId('composer-label')).toContainText('Private, with limits');

  await sendText(page, 'Hello Alice, over the garden wall');
  const heard = await alice.waitForText('Hello Alice, over the garden wall');
  expect(heard.padlock).toBe(true);
  expect(heard.from).toBe(me.address);
  await expect(
    messageWith(page, 'Hello Alice, over the garden wall').getByTestId('message-state'),
  ).toHaveText(/Accepted by the mail server|Read/, { timeout: PEER_MS });

  await alice.sendText(heard.chat, 'And back over it');
  await expect(messageWith(page, 'And back over it')).toBeVisible({ timeout: PEER_MS });
});

test('a password that was changed at the provider is entered, and what waited goes', async ({
  app,
  me,
  alice,
  mail,
}) => {
  const { page } = app;
  await addFirstAccount(page, me);
  await startChat(page, await alice.inviteLink());
  await expect(page.getByTestId('header-name')).toHaveText('Alice', { timeout: PEER_MS });
  await mail.changePassword(me.address, 'another one');
  await mail.dropConnections();
  await expect(page.getByText(en['account.needs.password']).first()).toBeVisible({ timeout: PEER_MS });
  await sendText(page, 'This waits for the password');
  await page.getByRole('button', { name: en['stopped.account'] }).click();
  await page.getByRole('button', { name: en['account.sign-in'] }).click();
  const field = page.getByLabel(en['account.field.password'], { exact: true });
  await field.fill('wrong');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toContainText(en['flow.login-refused.what'], { timeout: PEER_MS });
  // Sent once, and gone.
  await expect(field).toHaveValue('');
  await expectAccessible(page, 'a new password');
  await field.fill('another one');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog', { name: en['account.sign-in.done'] })).toBeVisible({
    timeout: PEER_MS,
  });
  await page.keyboard.press('Escape');
  await alice.waitForText('This waits for the password');
});

test('history, draft and label are there after a restart and after a crash', async ({
  launch,
  folder,
  me,
  alice,
}) => {
  let app = await launch(folder);
  await addFirstAccount(app.page, me);
  await startChat(app.page, await alice.inviteLink());
  await expect(app.page.getByTestId('header-name')).toHaveText('Alice', { timeout: PEER_MS });
  await sendText(app.page, 'first of all');
  const { chat } = await alice.waitForText('first of all');
  await alice.sendText(chat, 'second to that');
  await expect(messageWith(app.page, 'second to that')).toBeVisible({ timeout: PEER_MS });
  const header = await readHeader(app.page);
  await app.page.getByTestId('composer').fill('half a thought');
  // The draft is written down once the typing pauses; leaving the field writes it at once.
  await app.page.getByTestId('composer').blur();
  await app.stop();

  for (const end of ['stop', 'kill'] as const) {
    app = await launch(folder);
    await openChat(app.page, 'Alice');
    await expect(messageWith(app.page, 'first of all')).toHaveCount(1);
    await expect(messageWith(app.page, 'second to that')).toHaveCount(1);
    await expect(app.page.getByTestId('composer')).toHaveValue('half a thought');
    expect(await readHeader(app.page)).toEqual(header);
    await app[end]();
  }
  expect(app.broken.filter((line) => !line.includes('WebSocket'))).toEqual([]);
});
