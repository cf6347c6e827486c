import { en } from '../shared/words/en.ts';
import { expect, newAddress, test } from './fixtures/test.ts';
import {
  addFirstAccount,
  chatRow,
  messageWith,
  PEER_MS,
  readHeader,
  sendText,
  startChat,
} from './fixtures/steps.ts';
import { replaceKey } from './peers/deltachat.ts';

test('a label reads the same in list, header and composer', async ({ app, me, alice }) => {
  const { page } = app;
  await addFirstAccount(page, me);
  await startChat(page, await alice.inviteLink());
  await expect(page.getByTestId('header-name')).toHaveText('Alice', { timeout: PEER_MS });

  const words = en['label.limited.short'];
  await expect(chatRow(page, 'Alice')).toContainText(words);
  await expect(page.getByTestId('header-readers')).toContainText(words);
  await expect(page.getByTestId('composer-label')).toContainText(words);
  for (const word of ['Test network', 'E-mail', 'OpenPGP']) {
    await expect(chatRow(page, 'Alice')).toContainText(word);
    await expect(page.getByTestId('header-network')).toContainText(word);
  }
});

test('without encryption nothing leaves before the person said yes in the other window', async ({
  app,
  me,
  mail,
}) => {
  const { page } = app;
  const paula = newAddress('paula');
  await addFirstAccount(page, me);
  await startChat(page, paula);
  await expect(page.getByTestId('header-network')).toHaveText('Test network · E-mail · no encryption', {
    timeout: PEER_MS,
  });
  await expect(page.getByTestId('header-readers')).toContainText('can read this.');
  await expect(page.getByTestId('composer-label')).toContainText('can read what you send.');
  const mailsToPaula = async () => (await mail.mails()).filter(({ to }) => to.includes(paula));

  await page.getByTestId('composer').fill('for any eyes');
  const send = page.getByRole('button', { name: en['composer.send-openly'] });
  await send.click();
  const no = await app.question();
  await expect(no.getByRole('heading')).toHaveText(`Send to “${paula}” without encryption?`);
  await no.getByRole('button', { name: en['confirm.no'] }).click();
  await expect(page.getByTestId('composer')).toHaveValue('for any eyes');
  expect(await mailsToPaula()).toEqual([]);

  await send.click();
  const yes = await app.question();
  await yes.getByRole('button', { name: en['confirm.send-without-encryption.yes'] }).click();
  await expect(messageWith(page, 'for any eyes')).toBeVisible({ timeout: PEER_MS });
  await expect.poll(async () => (await mailsToPaula()).length, { timeout: PEER_MS }).toBe(1);

  // Agreed to once for this conversation: the next goes without a question.
  await sendText(page, 'and for these');
  await expect.poll(async () => (await mailsToPaula()).length, { timeout: PEER_MS }).toBe(2);
});

test('AT-10 AT-11 a new key under an old address stops the conversation, and nothing goes out until the person looked', async ({
  app,
  me,
  alice,
}) => {
  const { page } = app;
  await addFirstAccount(page, me);
  await startChat(page, await alice.inviteLink());
  await expect(page.getByTestId('header-name')).toHaveText('Alice', { timeout: PEER_MS });
  await sendText(page, 'before the change');
  await alice.waitForText('before the change');

  const mine = await alice.rpc.lookupContactIdByAddr(alice.account, me.address);
  const card = await alice.rpc.makeVcard(alice.account, [mine ?? -1]);
  const impostor = await replaceKey(alice);
  try {
    await impostor.sendText(await impostor.chatWith(await impostor.importVcard(card)), 'it is still me');
    await expect(page.getByTestId('header-stopped')).toContainText('Alice’s key changed', {
      timeout: PEER_MS,
    });
    const header = await readHeader(page);
    expect(header.identity).toMatch(/^Changed on /);
    // Who could read what was already sent is still said.
    expect(header.readers).toContain(en['label.limited.short']);
    await expect(chatRow(page, /Stopped/)).toHaveCount(1);
    await expect(page.getByTestId('composer')).toHaveCount(0);
  } finally {
    await impostor.stop();
  }
});
